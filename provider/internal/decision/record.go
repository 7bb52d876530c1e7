package decision

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Schema documents the record's JSON.
//
//go:embed decision.schema.json
var Schema []byte

// Kinds of decisions.
const (
	KindPromotion = "promotion"
	KindRollback  = "rollback"
)

// Record is a decision, written once and never changed. Its key in S3 holds the
// SHA-256 of its bytes.
type Record struct {
	Schema  int          `json:"schema"`
	Kind    string       `json:"kind"`
	Outcome gate.Outcome `json:"outcome"`
	// DryRun decisions are recorded and allow nothing.
	DryRun bool `json:"dry_run"`
	// Key freezes the decision: equal inputs have equal keys.
	Key               string              `json:"key"`
	ModelPackageGroup string              `json:"model_package_group"`
	ModelPackageARN   string              `json:"model_package_arn"`
	Version           int                 `json:"version"`
	Image             string              `json:"image"`
	ArtifactURI       string              `json:"artifact_uri"`
	ArtifactSHA256    string              `json:"artifact_sha256"`
	Evaluation        *RecordEvaluation   `json:"evaluation"`
	Requirements      []rules.Requirement `json:"requirements"`
	Evidence          rules.Evidence      `json:"evidence"`
	ApprovalRules     gate.ApprovalRules  `json:"approval_rules"`
	Seed              int64               `json:"seed"`
	Checks            []gate.Check        `json:"checks"`
	Approval          RecordApproval      `json:"approval"`
	PreviousChampion  *PreviousChampion   `json:"previous_champion"`
	// Replaces is the decision the pointer named when this one was made.
	Replaces        string    `json:"replaces"`
	Reason          string    `json:"reason"`
	DecidedAt       time.Time `json:"decided_at"`
	DecidedBy       string    `json:"decided_by"`
	ProviderVersion string    `json:"provider_version"`
}

// RecordEvaluation names the evidence with its digests.
type RecordEvaluation struct {
	Name            string             `json:"name"`
	Manifest        manifest.File      `json:"manifest"`
	CreatedAt       time.Time          `json:"created_at"`
	Dataset         manifest.File      `json:"dataset"`
	TrainingDataset *manifest.File     `json:"training_dataset"`
	Report          manifest.File      `json:"report"`
	Predictions     *manifest.File     `json:"predictions"`
	Baseline        *manifest.Baseline `json:"baseline"`
}

// RecordApproval says who approved, or why nobody had to.
type RecordApproval struct {
	Outcome  gate.Outcome    `json:"outcome"`
	Reason   string          `json:"reason"`
	Approver *gate.Identity  `json:"approver"`
	Trainers []gate.Identity `json:"trainers"`
}

// PreviousChampion is the version a promotion took the place of.
type PreviousChampion struct {
	ModelPackageARN string `json:"model_package_arn"`
	DecisionURI     string `json:"decision_uri"`
	DecisionSHA256  string `json:"decision_sha256"`
}

// StoredRecord is a record with its place and bytes.
type StoredRecord struct {
	Record
	File manifest.File
	Body []byte
}

// Encode writes a record canonically: the same record has the same bytes.
func (r *Record) Encode() ([]byte, error) {
	body, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the decision on %s: %w", r.ModelPackageARN, err)
	}
	return append(body, '\n'), nil
}

// folder of a version's records, with a slash at its end.
func folder(store sagemaker.Location, group string, version int) sagemaker.Location {
	l := store.Join("decisions", group, strconv.Itoa(version))
	l.Key += "/"
	return l
}

// recordFile is where a record with these bytes belongs.
func recordFile(store sagemaker.Location, r *Record, body []byte) manifest.File {
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	return manifest.File{URI: store.Join("decisions", r.ModelPackageGroup, strconv.Itoa(r.Version), digest+".json").URI(), SHA256: digest}
}

// Misplaced returns where the store keeps a record, when that is not where it was read; else "". Whoever may write
// anywhere else could have made it.
func (r *StoredRecord) Misplaced(store sagemaker.Location) string {
	if place := recordFile(store, &r.Record, r.Body).URI; place != r.File.URI {
		return place
	}
	return ""
}

// Write stores a record; writing the same one again changes nothing.
func Write(ctx context.Context, c *sagemaker.Client, r *Record) (*StoredRecord, error) {
	body, err := r.Encode()
	if err != nil {
		return nil, err
	}
	return Restore(ctx, c, body)
}

// Restore stores the bytes of a record, as Write does, and so brings back a
// deleted one.
func Restore(ctx context.Context, c *sagemaker.Client, body []byte) (*StoredRecord, error) {
	r, err := Decode(body)
	if err != nil {
		return nil, err
	}
	at := recordFile(c.Store, r, body)
	if _, _, err := c.PutNew(ctx, at.URI, "application/json", body); err != nil {
		return nil, fmt.Errorf("writing decision record %s: %w", at.URI, err)
	}
	return &StoredRecord{Record: *r, File: at, Body: body}, nil
}

// Decode reads the bytes of a record.
func Decode(body []byte) (*Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("decoding a decision record: %w", err)
	}
	if r.Schema != 1 {
		return nil, fmt.Errorf("the decision record has schema %d, this version reads 1", r.Schema)
	}
	return &r, nil
}

// Read reads a record and checks that its bytes are those its key and the
// caller (when want is not "") name. A missing one satisfies
// sagemaker.IsNotFound.
func Read(ctx context.Context, c *sagemaker.Client, uri, want string) (*StoredRecord, error) {
	o, err := c.Document(ctx, uri)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(uri[strings.LastIndexByte(uri, '/')+1:], ".json")
	if want == "" {
		want = name
	}
	if o.SHA256 != want || o.SHA256 != name {
		return nil, &TamperedError{URI: uri, Got: o.SHA256, Want: want}
	}
	r, err := Decode(o.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	return &StoredRecord{Record: *r, File: manifest.File{URI: uri, SHA256: o.SHA256}, Body: o.Body}, nil
}

// TamperedError says that an object does not have the content it is named for.
type TamperedError struct{ URI, Got, Want string }

// Error names both digests.
func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s was changed: it has sha256 %s, expected %s", e.URI, e.Got, e.Want)
}

// Records lists the records of a version, oldest first. Records that were
// tampered with are left out: they prove nothing.
func Records(ctx context.Context, c *sagemaker.Client, group string, version int) ([]*StoredRecord, error) {
	infos, err := c.List(ctx, folder(c.Store, group, version))
	if err != nil {
		return nil, fmt.Errorf("listing the decisions on %s version %d: %w", group, version, err)
	}
	var records []*StoredRecord
	for _, info := range infos {
		if !strings.HasSuffix(info.URI, ".json") {
			continue
		}
		r, err := Read(ctx, c, info.URI, "")
		var tampered *TamperedError
		switch {
		case sagemaker.IsNotFound(err) || errors.As(err, &tampered):
			continue
		case err != nil:
			return nil, fmt.Errorf("listing the decisions on %s version %d: %w", group, version, err)
		}
		if r.ModelPackageGroup == group && r.Version == version {
			records = append(records, r)
		}
	}
	slices.SortStableFunc(records, func(a, b *StoredRecord) int { return a.DecidedAt.Compare(b.DecidedAt) })
	return records, nil
}

// Allows says whether the record lets its version serve.
func (r *Record) Allows() bool { return r.Outcome == gate.Approved && !r.DryRun }
