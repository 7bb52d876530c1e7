package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// client points at an engine of the test's own.
func client(t *testing.T) *sagemaker.Client {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c, err := sagemaker.New(t.Context(), awsconfig.Settings{LocalURL: e.URL(), Region: "eu-west-1", Store: "s3://titanicml-local/titanicml"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func arn(version int) string {
	return fmt.Sprintf("arn:aws:sagemaker:eu-west-1:000000000000:model-package/titanic/%d", version)
}

// full is a record with everything in it.
func full() *Record {
	x, n, d, yes := 0.81, int64(50), time.Hour, true
	hex := strings.Repeat("ab", 32)
	f := manifest.File{URI: "s3://b/k", SHA256: hex}
	return &Record{
		Schema: 1, Kind: KindPromotion, Outcome: gate.Approved, Key: hex, ModelPackageGroup: "titanic", ModelPackageARN: arn(2), Version: 2,
		Image: "tiny", ArtifactURI: "s3://b/m", ArtifactSHA256: hex,
		Evaluation: &RecordEvaluation{Name: "e", Manifest: f, CreatedAt: time.Unix(1, 0).UTC(), Dataset: f, TrainingDataset: &f, Report: f, Predictions: &f,
			Baseline: &manifest.Baseline{ModelPackageARN: arn(1), ModelPackageGroup: "titanic", ArtifactSHA256: hex, DecisionURI: "s3://b/d", Report: f, Predictions: &f}},
		Requirements: []rules.Requirement{
			{Metric: "recall", Min: &x, Confidence: &x, Slice: &rules.Slice{Column: "sex", Value: "male"}, MinExamples: &n, DecisionThreshold: &x, Severity: rules.Warn},
			{Metric: "auc", VersusChampion: &rules.VersusChampion{MaxDrop: &x, MinGain: &x, Relative: true, Confidence: &x}},
			{Metric: "f1", MaxGap: &x, EachSlice: "sex", Max: &x},
		},
		Evidence:      rules.Evidence{MinExamples: &n, MaxAge: &d, DatasetSHA256: hex, Leakage: &yes, MaxP95LatencyMS: &x, MaxTrainingCostUSD: &x, TrainingPricePerHourUSD: &x},
		ApprovalRules: gate.ApprovalRules{Required: true, DistinctFromTrainer: true, MinAge: &d},
		Checks: []gate.Check{{Requirement: "r", Kind: "metric", Metric: "auc", Slice: "all", Examples: 3, Observed: &x, Lower: &x, Upper: &x, Confidence: &x,
			Candidate: &x, Champion: &x, Bound: "b", Severity: rules.Block, Verdict: gate.Pass, Reason: "r"}, {Requirement: "approval", Kind: "approval", Index: -1, Severity: rules.Block, Verdict: gate.Waiting}},
		Approval:         RecordApproval{Outcome: gate.Approved, Approver: &gate.Identity{ARN: "a", SourceIdentity: "s"}, Trainers: []gate.Identity{{ARN: "t"}}},
		PreviousChampion: &PreviousChampion{arn(1), "s3://b/d", hex}, DecidedAt: time.Unix(2, 0).UTC(),
	}
}

// TestRecordsFollowTheSchema holds an encoded record against the published schema, in both directions: nothing undocumented,
// nothing documented that a full record lacks.
func TestRecordsFollowTheSchema(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for name, r := range map[string]*Record{"full": full(), "bare": {Schema: 1, Kind: KindRollback, Outcome: gate.Rejected, Key: strings.Repeat("0", 64),
		Version: 1, Requirements: []rules.Requirement{}, Checks: []gate.Check{}, Approval: RecordApproval{Outcome: gate.Pending, Trainers: []gate.Identity{}}}} {
		body, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Fatal(err)
		}
		for _, problem := range conform(schema, schema, doc, "", "", seen) {
			t.Errorf("%s record: %s", name, problem)
		}
	}
	defs := schema["$defs"].(map[string]any)
	for name, d := range defs {
		for field := range properties(d) {
			if !seen[name+"."+field] {
				t.Errorf("schema: %s.%s is in no full record", name, field)
			}
		}
	}
	for field := range properties(schema) {
		if !seen["."+field] {
			t.Errorf("schema: %s is in no full record", field)
		}
	}
}

func properties(s any) map[string]any {
	p, _ := s.(map[string]any)["properties"].(map[string]any)
	return p
}

// conform checks the part of JSON Schema that decision.schema.json uses. seen collects the fields met, by the definition they are in.
func conform(root, schema map[string]any, doc any, at, def string, seen map[string]bool) []string {
	if ref, ok := schema["$ref"].(string); ok {
		def = strings.TrimPrefix(ref, "#/$defs/")
		return conform(root, root["$defs"].(map[string]any)[def].(map[string]any), doc, at, def, seen)
	}
	if options, ok := schema["anyOf"].([]any); ok {
		var first []string
		for i, option := range options {
			problems := conform(root, option.(map[string]any), doc, at, def, seen)
			if len(problems) == 0 {
				return nil
			}
			if i == 0 {
				first = problems
			}
		}
		return first
	}
	var problems []string
	if want, ok := schema["const"]; ok && want != doc {
		problems = append(problems, fmt.Sprintf("%s is %v, expected %v", at, doc, want))
	}
	if options, ok := schema["enum"].([]any); ok {
		found := false
		for _, o := range options {
			found = found || o == doc
		}
		if !found {
			problems = append(problems, fmt.Sprintf("%s is %v, expected one of %v", at, doc, options))
		}
	}
	if pattern, ok := schema["pattern"].(string); ok {
		if s, isText := doc.(string); !isText || !regexp.MustCompile(pattern).MatchString(s) {
			problems = append(problems, fmt.Sprintf("%s is %v, expected %s", at, doc, pattern))
		}
	}
	if want := schema["type"]; want != nil && !hasType(want, doc) {
		return append(problems, fmt.Sprintf("%s is %T, expected %v", at, doc, want))
	}
	switch doc := doc.(type) {
	case map[string]any:
		fields := properties(schema)
		for name, v := range doc {
			seen[def+"."+name] = true
			field, ok := fields[name].(map[string]any)
			if !ok {
				problems = append(problems, fmt.Sprintf("%s.%s is not in the schema", at, name))
				continue
			}
			problems = append(problems, conform(root, field, v, at+"."+name, def, seen)...)
		}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := doc[name.(string)]; !ok {
				problems = append(problems, fmt.Sprintf("%s.%s is missing", at, name))
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, v := range doc {
			problems = append(problems, conform(root, items, v, fmt.Sprintf("%s[%d]", at, i), def, seen)...)
		}
	}
	return problems
}

func hasType(want, doc any) bool {
	if list, ok := want.([]any); ok {
		for _, w := range list {
			if hasType(w, doc) {
				return true
			}
		}
		return false
	}
	switch doc := doc.(type) {
	case nil:
		return want == "null"
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "number" || want == "integer" && doc == math.Trunc(doc)
	case []any:
		return want == "array"
	}
	return want == "object"
}

func TestWriteIsIdempotentAndReadNoticesTampering(t *testing.T) {
	c := client(t)
	one, err := Write(t.Context(), c, full())
	if err != nil {
		t.Fatal(err)
	}
	two, err := Write(t.Context(), c, full())
	if err != nil || two.File != one.File {
		t.Errorf("writing twice: %v, %v and %v", err, one.File, two.File)
	}
	got, err := Read(t.Context(), c, one.File.URI, one.File.SHA256)
	if err != nil || !bytes.Equal(got.Body, one.Body) {
		t.Fatalf("got %v", err)
	}
	if _, err := c.Put(t.Context(), one.File.URI, "", bytes.Replace(one.Body, []byte("approved"), []byte("Approved"), 1)); err != nil {
		t.Fatal(err)
	}
	var tampered *TamperedError
	if _, err := Read(t.Context(), c, one.File.URI, ""); !errors.As(err, &tampered) || tampered.Want != one.File.SHA256 {
		t.Errorf("got %v", err)
	}
	if records, err := Records(t.Context(), c, "titanic", 2); err != nil || len(records) != 0 {
		t.Errorf("a tampered record is listed: %v, %v", records, err)
	}
}

// A pointer is believed only with a record that approves exactly what it says.
func TestReadChampionRefuses(t *testing.T) {
	c := client(t)
	good, err := Write(t.Context(), c, full())
	if err != nil {
		t.Fatal(err)
	}
	if err := Point(t.Context(), c, &Champion{}, good); err != nil {
		t.Fatal(err)
	}
	champion, err := ReadChampion(t.Context(), c, "titanic")
	if err != nil || !champion.Valid() {
		t.Fatalf("got %+v, %v", champion, err)
	}
	misplaced, err := Write(t.Context(), &sagemaker.Client{S3: c.S3, Store: c.Store.Join("decisions/uploads")}, full())
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := Write(t.Context(), &sagemaker.Client{S3: c.S3, Store: c.Store.Join("uploads")}, full())
	if err != nil {
		t.Fatal(err)
	}
	rejected := full()
	rejected.Outcome = gate.Rejected
	dry := full()
	dry.DryRun = true
	for name, spoil := range map[string]func(p *Pointer){
		"other artifact": func(p *Pointer) { p.ArtifactSHA256 = strings.Repeat("0", 64) },
		"other package":  func(p *Pointer) { p.ModelPackageARN = arn(3) },
		"other image":    func(p *Pointer) { p.Image = "evil" },
		"other place":    func(p *Pointer) { p.ArtifactURI = "s3://elsewhere/model.tar.gz" },
		"other group":    func(p *Pointer) { p.ModelPackageGroup = "spending" },
		"other digest":   func(p *Pointer) { p.DecisionSHA256 = strings.Repeat("0", 64) },
		"no record":      func(p *Pointer) { p.DecisionURI = c.Store.Join("decisions/none.json").URI() },
		"rejected": func(p *Pointer) {
			r, err := Write(t.Context(), c, rejected)
			if err != nil {
				t.Fatal(err)
			}
			p.DecisionURI, p.DecisionSHA256 = r.File.URI, r.File.SHA256
		},
		"dry run": func(p *Pointer) {
			r, err := Write(t.Context(), c, dry)
			if err != nil {
				t.Fatal(err)
			}
			p.DecisionURI, p.DecisionSHA256 = r.File.URI, r.File.SHA256
		},
		"other version":    func(p *Pointer) { p.Version++ },
		"foreign record":   func(p *Pointer) { p.DecisionURI = foreign.File.URI },
		"misplaced record": func(p *Pointer) { p.DecisionURI = misplaced.File.URI },
		"no URI":           func(p *Pointer) { p.DecisionURI = "rubbish" },
		"newer schema":     func(p *Pointer) { p.Schema = 2 },
	} {
		p := *champion.Pointer
		spoil(&p)
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Put(t.Context(), PointerURI(c.Store, "titanic"), "", body); err != nil {
			t.Fatal(err)
		}
		got, err := ReadChampion(t.Context(), c, "titanic")
		if err != nil || got.Valid() || got.Defect == "" {
			t.Errorf("%s: believed %+v (%v)", name, got, err)
		}
	}
	// The record that approves a version of one group makes no champion of another.
	body, err := json.Marshal(champion.Pointer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), PointerURI(c.Store, "spending"), "", body); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadChampion(t.Context(), c, "spending"); err != nil || got.Valid() || !strings.Contains(got.Defect, "model_package_group") {
		t.Errorf("a pointer copied from another group: believed %+v (%v)", got, err)
	}
	// With the pointer as it is, so that only the record stands in the way.
	now, err := ReadChampion(t.Context(), c, "titanic")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Record{rejected, dry} {
		if err := Point(t.Context(), c, now, &StoredRecord{Record: *r}); err == nil || !strings.Contains(err.Error(), "cannot make a champion") {
			t.Errorf("%s, dry run %v: got %v", r.Outcome, r.DryRun, err)
		}
	}
}

// However many promotions race from the same pointer, one wins.
func TestOnePromotionWins(t *testing.T) {
	c := client(t)
	const racers = 8
	results := make(chan error, racers)
	for i := range racers {
		r := full()
		r.Version, r.ModelPackageARN = i+1, arn(i+1)
		stored, err := Write(t.Context(), c, r)
		if err != nil {
			t.Fatal(err)
		}
		go func() { results <- Point(t.Context(), c, &Champion{}, stored) }()
	}
	won := 0
	for range racers {
		err := <-results
		var conflict *sagemaker.ConflictError
		switch {
		case err == nil:
			won++
		case !errors.As(err, &conflict):
			t.Errorf("a loser got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d promotions won", won, racers)
	}
}

// TestReadEvidenceOnlyInItsPlace has a document lie where a job may write, which names itself by the way there.
func TestReadEvidenceOnlyInItsPlace(t *testing.T) {
	c := client(t)
	for at, name := range map[string]string{
		"evaluations/e/output/evidence.json": "e/output",
		"uploads/evidence.json":              "../uploads",
		"evaluations/evidence.json":          "",
		"evidence.json":                      "..",
	} {
		body, err := manifest.Evidence{Evaluation: name}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Put(t.Context(), c.Store.Join(at).URI(), "", body); err != nil {
			t.Fatal(err)
		}
		if e, _, err := ReadEvidence(t.Context(), c, name); err == nil {
			t.Errorf("%s: evaluation %q is believed: %+v", at, name, e)
		}
	}
}

// FuzzDecode takes any bytes for a record; one that is read is written in one form only, which is read again as the same.
func FuzzDecode(f *testing.F) {
	sound, err := full().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add([]byte(`{"schema": 1, "version": 3, "decided_at": "0001-01-01T00:00:00Z", "checks": [{"verdict": "pass"}]}`))
	f.Add([]byte(`{"schema": 2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Decode(body)
		if err != nil {
			return
		}
		once, err := r.Encode()
		if err != nil { // such as a time of the year 10000, which JSON has no form for
			return
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, once)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("the second time: %v\n%s\nthe first:\n%s", err, twice, once)
		}
	})
}
