package decision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Pointer is champions/<group>.json: the version to serve and why.
type Pointer struct {
	Schema            int               `json:"schema"`
	ModelPackageGroup string            `json:"model_package_group"`
	ModelPackageARN   string            `json:"model_package_arn"`
	Version           int               `json:"version"`
	Image             string            `json:"image"`
	ArtifactURI       string            `json:"artifact_uri"`
	ArtifactSHA256    string            `json:"artifact_sha256"`
	DecisionURI       string            `json:"decision_uri"`
	DecisionSHA256    string            `json:"decision_sha256"`
	PromotedAt        time.Time         `json:"promoted_at"`
	Previous          *PreviousChampion `json:"previous"`
}

// Champion is what a group's pointer says now. The zero Champion is a group
// without one.
type Champion struct {
	// Pointer is nil when there is none or it cannot be read as one.
	Pointer *Pointer
	// Record is the approved decision it names; nil when Defect says why not.
	Record *StoredRecord
	// Defect is why the pointer must not be believed.
	Defect string
	// ETag of the pointer object, "" when it does not exist.
	ETag string
}

// Valid says whether there is a champion with an approved decision.
func (c *Champion) Valid() bool { return c.Record != nil }

// Decision is the URI of the champion's decision, "" without a valid champion.
func (c *Champion) Decision() string {
	if !c.Valid() {
		return ""
	}
	return c.Pointer.DecisionURI
}

// PointerURI is where a group's champion pointer lies.
func PointerURI(store sagemaker.Location, group string) string {
	return store.Join("champions", group+".json").URI()
}

// Groups lists the groups that have a champion pointer, believable or not, by
// name.
func Groups(ctx context.Context, c *sagemaker.Client) ([]string, error) {
	under := c.Store.Join("champions")
	under.Key += "/"
	objects, err := c.List(ctx, under)
	if err != nil {
		return nil, fmt.Errorf("listing the champions: %w", err)
	}
	var groups []string
	for _, o := range objects {
		group, isPointer := strings.CutSuffix(o.URI[strings.LastIndexByte(o.URI, '/')+1:], ".json")
		if isPointer && o.URI == PointerURI(c.Store, group) {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// ReadChampion reads a group's pointer and verifies the decision it names.
func ReadChampion(ctx context.Context, c *sagemaker.Client, group string) (*Champion, error) {
	uri := PointerURI(c.Store, group)
	o, err := c.Document(ctx, uri)
	if sagemaker.IsNotFound(err) {
		return &Champion{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the champion of %s: %w", group, err)
	}
	champion := &Champion{ETag: o.ETag}
	var p Pointer
	if err := json.Unmarshal(o.Body, &p); err != nil || p.Schema != 1 {
		champion.Defect = fmt.Sprintf("%s is not a champion pointer of schema 1", uri)
		return champion, nil
	}
	champion.Pointer = &p
	// A record from anywhere else is not one that a promotion on this store wrote, whatever digest it has.
	if place := c.Store.Join("decisions").URI() + "/"; !strings.HasPrefix(p.DecisionURI, place) {
		champion.Defect = fmt.Sprintf("%s names decision record %s, which is not one of the store's: expected it under %s", uri, p.DecisionURI, place)
		return champion, nil
	}
	r, err := Read(ctx, c, p.DecisionURI, p.DecisionSHA256)
	var tampered *TamperedError
	switch {
	case sagemaker.IsNotFound(err):
		champion.Defect = fmt.Sprintf("%s names decision record %s, which does not exist", uri, p.DecisionURI)
	case errors.As(err, &tampered):
		champion.Defect = err.Error()
	case err != nil:
		return nil, fmt.Errorf("reading the decision behind the champion of %s: %w", group, err)
	default:
		champion.Defect = p.contradicts(&r.Record, group)
		if place := r.Misplaced(c.Store); champion.Defect == "" && place != "" {
			champion.Defect = fmt.Sprintf("%s names decision record %s, whose place is %s", uri, p.DecisionURI, place)
		}
		if champion.Defect == "" {
			champion.Record = r
		}
	}
	return champion, nil
}

// contradicts says in what a pointer differs from the record it names, "" if in
// nothing.
func (p *Pointer) contradicts(r *Record, group string) string {
	if !r.Allows() {
		return fmt.Sprintf("the champion pointer names decision %s, which is %s and allows nothing", p.DecisionURI, outcome(r))
	}
	for _, f := range []struct{ what, pointer, record string }{
		{"model_package_group", p.ModelPackageGroup, group},
		{"model_package_group", p.ModelPackageGroup, r.ModelPackageGroup},
		{"model_package_arn", p.ModelPackageARN, r.ModelPackageARN},
		{"version", strconv.Itoa(p.Version), strconv.Itoa(r.Version)},
		{"image", p.Image, r.Image},
		{"artifact_uri", p.ArtifactURI, r.ArtifactURI},
		{"artifact_sha256", p.ArtifactSHA256, r.ArtifactSHA256},
	} {
		if f.pointer != f.record {
			return fmt.Sprintf("the champion pointer says %s %s, its decision record %s says %s", f.what, f.pointer, p.DecisionURI, f.record)
		}
	}
	return ""
}

func outcome(r *Record) string {
	if r.DryRun {
		return "a dry run"
	}
	return string(r.Outcome)
}

// Point makes a record's version the champion, if the pointer still is what
// was read before; otherwise the error is a *sagemaker.ConflictError. Doing it
// again changes nothing.
func Point(ctx context.Context, c *sagemaker.Client, before *Champion, r *StoredRecord) error {
	if !r.Allows() {
		return fmt.Errorf("decision %s is %s and cannot make a champion", r.File.URI, outcome(&r.Record))
	}
	p := Pointer{
		Schema: 1, ModelPackageGroup: r.ModelPackageGroup, ModelPackageARN: r.ModelPackageARN, Version: r.Version,
		Image: r.Image, ArtifactURI: r.ArtifactURI, ArtifactSHA256: r.ArtifactSHA256,
		DecisionURI: r.File.URI, DecisionSHA256: r.File.SHA256,
		// The record's time, so that repeating an interrupted move writes the
		// same bytes.
		PromotedAt: r.DecidedAt, Previous: r.PreviousChampion,
	}
	body, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the champion pointer of %s: %w", r.ModelPackageGroup, err)
	}
	uri := PointerURI(c.Store, r.ModelPackageGroup)
	if before.ETag == "" {
		_, _, err = c.PutNew(ctx, uri, "application/json", append(body, '\n'))
	} else {
		_, _, err = c.PutOver(ctx, uri, "application/json", append(body, '\n'), before.ETag)
	}
	if err != nil {
		return fmt.Errorf("moving the champion pointer of %s: %w", r.ModelPackageGroup, err)
	}
	return nil
}
