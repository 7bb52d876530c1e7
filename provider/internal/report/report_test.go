package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
)

var update = flag.Bool("update", false, "write the golden files")

func ptr[T any](v T) *T { return &v }

var requirements = []rules.Requirement{
	{Metric: "accuracy", Min: ptr(0.7)},
	{Metric: "auc", Min: ptr(0.75), Confidence: ptr(0.95)},
	{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: ptr(0.02)}},
	{Metric: "recall", Min: ptr(0.5), EachSlice: "sex"},
	{Metric: "accuracy", MaxGap: ptr(0.2), EachSlice: "pclass", Confidence: ptr(0.9)},
	{Metric: "log_loss", Max: ptr(0.3), Severity: rules.Warn},
	{Metric: "nonsense", Min: ptr(0.1), Severity: rules.Warn},
}

// simulated predictions of a model that separates the labels by so much.
func simulated(t testing.TB, n int, separation float64) *evidence.Predictions {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("id,label,score,sex,pclass\n")
	for i := range n {
		label := random.IntN(2)
		score := min(max(0.5+separation*(float64(label)-0.5)+0.2*random.NormFloat64(), 0), 1)
		fmt.Fprintf(&b, "%d,%d,%s,%s,%d\n", i, label, strconv.FormatFloat(score, 'f', -1, 64), [2]string{"female", "male"}[random.IntN(2)], 1+random.IntN(3))
	}
	p, err := evidence.ParsePredictions(strings.NewReader(b.String()), metric.Binary, evidence.Columns{ID: "id", Label: "label", Score: "score", Slices: []string{"sex", "pclass"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	candidateARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/survival/3"
	championARN  = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/survival/2"
)

func digest(c string) string { return strings.Repeat(c, 64) }

// decided makes a source as Load does, from what the gate itself decides.
func decided(candidate, champion *evidence.Predictions) *Source {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	e := gate.Evidence{Now: at, CreatedAt: at, CandidateARN: candidateARN, Candidate: gate.ModelEvidence{Predictions: candidate}}
	m := &manifest.Evidence{Schema: 1, Evaluation: "holdout-1", Examples: int64(candidate.Len())}
	r := decision.Record{Schema: 1, Kind: decision.KindPromotion, ModelPackageGroup: "survival", ModelPackageARN: candidateARN, Version: 3, Image: "titanic",
		ArtifactURI: "s3://store/runs/train-1/output/model.tar.gz", ArtifactSHA256: digest("a"), Requirements: requirements,
		Evidence: rules.Evidence{MinExamples: ptr(int64(100))}, Key: digest("b"), DecidedAt: at, DecidedBy: "arn:aws:iam::000000000000:user/titanicml", ProviderVersion: "0.1.0",
		Evaluation: &decision.RecordEvaluation{Name: "holdout-1", CreatedAt: at, Manifest: manifest.File{URI: "s3://store/evaluations/holdout-1/evidence.json", SHA256: digest("c")},
			Dataset: manifest.File{URI: "s3://store/data/holdout.csv", SHA256: digest("d")}, TrainingDataset: &manifest.File{URI: "s3://store/data/train.csv", SHA256: digest("e")},
			Report: manifest.File{URI: "s3://store/evaluations/holdout-1/output/evaluation.json", SHA256: digest("f")}}}
	if champion != nil {
		e.Champion = &gate.Champion{ModelPackageARN: championARN}
		e.Baseline = &gate.Baseline{ModelPackageARN: championARN, ModelEvidence: gate.ModelEvidence{Predictions: champion}}
		m.Baseline = &manifest.Baseline{ModelPackageARN: championARN, ArtifactSHA256: digest("1")}
		r.Evaluation.Baseline = m.Baseline
		r.PreviousChampion = &decision.PreviousChampion{ModelPackageARN: championARN}
		r.Replaces = "s3://store/decisions/survival/2/" + digest("8") + ".json"
	}
	d := gate.Decide(r.Requirements, r.Evidence, e, gate.Settings{Seed: 1, Replicates: 200})
	r.Outcome, r.Checks = d.Outcome, d.Checks
	return &Source{Record: &decision.StoredRecord{Record: r, File: manifest.File{URI: "s3://store/decisions/survival/3/" + digest("9") + ".json", SHA256: digest("9")}},
		Document: m, Candidate: candidate, Champion: champion, Threshold: 0.5, Run: Run{Name: "train-1", ARN: "arn:aws:sagemaker:eu-west-1:000000000000:training-job/train-1"},
		Standing: "the champion, by this decision", Endpoints: []string{"survival"}}
}

func rendered(t testing.TB, s *Source) (page, markdown string) {
	t.Helper()
	var h, m bytes.Buffer
	if err := HTML(&h, s); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&m, s); err != nil {
		t.Fatal(err)
	}
	return h.String(), m.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got); if that is meant, run with -update and look at it in a browser:\n%s", name, diff)
	}
}

// multiclass and regression are small predictions of the other two kinds.
func parsed(t *testing.T, problem metric.Problem, csv string) *evidence.Predictions {
	t.Helper()
	p, err := evidence.ParsePredictions(strings.NewReader(csv), problem, evidence.Columns{Label: "label", Score: "score", Slices: []string{"sex", "pclass"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGolden(t *testing.T) {
	better, worse := simulated(t, 400, 0.5), simulated(t, 400, 0.3)
	tampered := decided(better, worse)
	tampered.Candidate, tampered.Champion, tampered.Document = nil, nil, nil
	tampered.Notices = []string{"The evidence document, s3://store/evaluations/holdout-1/evidence.json, was changed after the decision."}
	for name, s := range map[string]*Source{
		"approved": decided(better, worse),
		"rejected": decided(worse, better),
		"first":    decided(better, nil),
		"tampered": tampered,
		"multiclass": decided(parsed(t, metric.Multiclass, "label,score,sex\na,a,f\na,b,f\nb,b,m\nc,c,m\nc,a,m\nb,b,f\n"),
			parsed(t, metric.Multiclass, "label,score,sex\na,a,f\na,a,f\nb,c,m\nc,c,m\nc,a,m\nb,b,f\n")),
		"regression": decided(parsed(t, metric.Regression, "label,score,sex\n1,1.5,f\n2,2.25,f\n3,2.5,m\n4,4.5,m\n5,4,m\n6,6.5,f\n"), nil),
	} {
		t.Run(name, func(t *testing.T) {
			page, markdown := rendered(t, s)
			golden(t, name+".html", page)
			golden(t, name+".md", markdown)
			again, _ := rendered(t, s)
			if again != page {
				t.Error("two renderings differ")
			}
			wellFormed(t, page)
		})
	}
}

// wellFormed parses the page as XML, which is stricter than a browser, and
// checks that ids are unique, that drawings are labelled and that nothing is
// loaded from elsewhere.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	ids := map[string]bool{}
	var references []string
	drawings, titled := 0, 0
	var open []string
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.StartElement:
			parent := ""
			if len(open) > 0 {
				parent = open[len(open)-1]
			}
			open = append(open, e.Name.Local)
			switch e.Name.Local {
			case "svg":
				drawings++
			case "title":
				if parent == "svg" {
					titled++
				}
			case "script", "img", "iframe", "object", "embed", "link", "image", "use":
				t.Errorf("the page has an element %s", e.Name.Local)
			}
			for _, a := range e.Attr {
				switch {
				case a.Name.Local == "id":
					if ids[a.Value] {
						t.Errorf("id %q is there twice", a.Value)
					}
					ids[a.Value] = true
				case a.Name.Local == "aria-labelledby":
					references = append(references, strings.Fields(a.Value)...)
				case strings.HasPrefix(a.Name.Local, "on"):
					t.Errorf("the page has an attribute %s", a.Name.Local)
				case strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf"):
					t.Errorf("%s of %s is %q", a.Name.Local, e.Name.Local, a.Value)
				}
			}
		}
	}
	for _, r := range references {
		if !ids[r] {
			t.Errorf("nothing has the id %q", r)
		}
	}
	if drawings != titled {
		t.Errorf("%d drawings, %d titles", drawings, titled)
	}
	if strings.Contains(page, "url(") || strings.Contains(page, "@import") {
		t.Error("the style sheet loads something")
	}
}

func TestHostileText(t *testing.T) {
	const evil = "</title></style><script>alert(1)</script><img src=x onerror=alert(2)> |[x](javascript:alert(3))`@all"
	s := decided(simulated(t, 50, 0.4), simulated(t, 50, 0.3))
	for i, v := range s.Candidate.Slices["sex"].Values {
		s.Candidate.Slices["sex"].Values[i] = v + evil
	}
	r := &s.Record.Record
	r.ModelPackageGroup, r.ModelPackageARN, r.Image, r.ArtifactURI, r.ArtifactSHA256, r.Reason, r.DecidedBy, r.Key, r.ProviderVersion = evil, evil, evil, evil, evil, evil, evil, evil, evil
	r.Outcome, r.Approval.Reason, r.Approval.Trainers = gate.Rejected, evil, []gate.Identity{{ARN: evil}}
	r.Evaluation.Name, r.Evaluation.Dataset = evil, manifest.File{URI: "javascript:" + evil, SHA256: evil}
	for i := range r.Checks {
		c := &r.Checks[i]
		c.Requirement, c.Metric, c.Slice, c.Bound, c.Reason, c.Verdict = evil, evil, evil, evil, evil, gate.Fail
	}
	r.Checks[1].Verdict = gate.Verdict(evil)
	r.Replaces = "s3://store/decisions/" + evil + "/" + evil + "/x.json"
	s.Run, s.Standing, s.Endpoints, s.Notices = Run{evil, evil}, evil, []string{evil}, []string{evil}
	s.Document.Baseline.ModelPackageARN = evil
	page, markdown := rendered(t, s)
	wellFormed(t, page) // which also refuses any script, image or handler
	if !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("the text itself is missing")
	}
	if found := regexp.MustCompile(`<(script|img|/style|/title)|[^\\]\]\(javascript|[^\\]\x60|@all`).FindString(markdown); found != "" {
		t.Errorf("the Markdown has %q", found)
	}
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") > 7 {
			t.Errorf("a cell breaks out of its row: %s", line)
		}
	}
}

func TestVerdict(t *testing.T) {
	by := func(version string) string {
		return "s3://store/decisions/survival/" + version + "/" + digest("8") + ".json"
	}
	for _, tt := range []struct {
		outcome        gate.Outcome
		kind, replaces string
		dryRun         bool
		want           string
	}{
		{gate.Approved, decision.KindPromotion, "", false, "Version 3 of survival passed its gate: 1 of 1 check passed. It is the group's first champion."},
		{gate.Approved, decision.KindPromotion, by("2"), false, "It takes the place of version 2 as the champion."},
		{gate.Approved, decision.KindPromotion, by("3"), false, "It was the champion already."},
		{gate.Approved, decision.KindRollback, by("4"), false, "It was approved before and is taken back as the champion."},
		{gate.Approved, decision.KindPromotion, by("2"), true, "1 of 1 check passed. This was a dry run: it is recorded and changed nothing."},
		{gate.Rejected, decision.KindPromotion, "", false, "did not pass its gate: 1 of 1 check failed. The group has no champion."},
		{gate.Rejected, decision.KindPromotion, by("2"), false, "Version 2 stays the champion."},
		{gate.Rejected, decision.KindPromotion, by("3"), false, "It was the champion already, and goes on serving until another version is promoted."},
		{gate.Pending, decision.KindPromotion, by("2"), false, "passed its requirements and waits: a person has to look."},
	} {
		r := &decision.StoredRecord{Record: decision.Record{Outcome: tt.outcome, Kind: tt.kind, Replaces: tt.replaces, DryRun: tt.dryRun, Version: 3, ModelPackageGroup: "survival",
			Approval: decision.RecordApproval{Reason: "a person has to look"}, Checks: []gate.Check{{Verdict: gate.Pass}}}}
		if tt.outcome == gate.Rejected {
			r.Checks[0].Verdict = gate.Fail
		}
		if got := verdict(r); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q, expected it to end with %q", tt.outcome, got, tt.want)
		}
	}
}

func TestConsoleLinks(t *testing.T) {
	s := decided(simulated(t, 50, 0.4), nil)
	s.Record.ModelPackageARN = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/survival/3"
	s.Record.Evaluation.Dataset.URI = "s3://store/data/a b&c.csv"
	page, markdown := rendered(t, s)
	const link = "https://eu-central-1.console.aws.amazon.com/s3/object/store?region=eu-central-1"
	if !strings.Contains(page, `<a href="`+link+`&amp;prefix=data%2Fa&#43;b%26c.csv"`) {
		t.Error("the page does not link to the data")
	}
	if !strings.Contains(markdown, "]("+link+"&prefix=data%2Fa+b%26c.csv)") {
		t.Error("the Markdown does not link to the data")
	}
}

// A record of the first versions bounds a gain where it means a drop; its strip is drawn by what it says.
func TestDropsOfOldRecords(t *testing.T) {
	r := &decision.StoredRecord{}
	r.Requirements = []rules.Requirement{{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: ptr(0.02)}}}
	for _, c := range []struct {
		bound   string
		limit   float64
		atLeast bool
	}{{"<= 0.02", 0.02, false}, {">= -0.02", -0.02, true}} {
		got, atLeast, ok := limit(r, gate.Check{Kind: "metric", Bound: c.bound})
		if !ok || got != c.limit || atLeast != c.atLeast {
			t.Errorf("%s: %v %v %v", c.bound, got, atLeast, ok)
		}
	}
}
