package rollout

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// MissingRecordError says that there is no decision record where a serving object names one. A promotion that has decided it brings
// it back when it is applied.
type MissingRecordError struct{ URI string }

func (e *MissingRecordError) Error() string {
	return fmt.Sprintf("decision record %s does not exist", e.URI)
}

// CheckDecision reads the decision record that a serving object names, and errors unless it is intact and approves exactly
// that version, image and artifact.
func CheckDecision(ctx context.Context, c *sagemaker.Client, s Serving) error {
	_, err := approving(ctx, c, s)
	return err
}

func approving(ctx context.Context, c *sagemaker.Client, s Serving) (*decision.StoredRecord, error) {
	// A record from anywhere else is not one that a promotion on this store wrote.
	if place := c.Store.Join("decisions", s.Group, strconv.FormatInt(s.Version, 10)).URI() + "/"; !strings.HasPrefix(s.DecisionURI, place) {
		return nil, fmt.Errorf("decision record %s is not one of the store's: expected it under %s", s.DecisionURI, place)
	}
	r, err := decision.Read(ctx, c, s.DecisionURI, s.DecisionSHA256)
	if sagemaker.IsNotFound(err) {
		return nil, &MissingRecordError{s.DecisionURI}
	}
	if err != nil {
		return nil, fmt.Errorf("checking the decision about %s: %w", s.PackageARN, err)
	}
	if place := r.Misplaced(c.Store); place != "" {
		return nil, fmt.Errorf("decision record %s is not one of the store's: its place is %s", s.DecisionURI, place)
	}
	if !r.Allows() {
		return nil, fmt.Errorf("decision record %s does not approve %s: got outcome %q, expected %q", s.DecisionURI, s.PackageARN, r.Outcome, "approved")
	}
	for _, f := range []struct{ what, serving, record string }{
		{"model_package_group", s.Group, r.ModelPackageGroup},
		{"model_package_arn", s.PackageARN, r.ModelPackageARN},
		{"image", s.Image, r.Image},
		{"artifact_uri", s.ArtifactURI, r.ArtifactURI},
		{"artifact_sha256", s.ArtifactSHA256, r.ArtifactSHA256},
	} {
		if f.serving != f.record {
			return nil, fmt.Errorf("serving says %s %s, but decision record %s approves %s", f.what, f.serving, s.DecisionURI, f.record)
		}
	}
	return r, nil
}

// Check is CheckDecision, and holds the artifact and the evaluation as they lie in S3 against the digests that were approved.
func Check(ctx context.Context, c *sagemaker.Client, s Serving) error {
	r, err := approving(ctx, c, s)
	if err != nil {
		return err
	}
	files := []struct{ what, uri, sha256 string }{{"artifact", s.ArtifactURI, s.ArtifactSHA256}}
	add := func(what string, f *manifest.File) {
		if f != nil {
			files = append(files, struct{ what, uri, sha256 string }{what, f.URI, f.SHA256})
		}
	}
	e := r.Evaluation
	if e == nil {
		return fmt.Errorf("decision record %s names no evaluation: nothing shows what was approved about %s", s.DecisionURI, s.PackageARN)
	}
	add("evidence", &e.Manifest)
	add("report", &e.Report)
	add("predictions", e.Predictions)
	if b := e.Baseline; b != nil {
		add("report of the champion before", &b.Report)
		add("predictions of the champion before", b.Predictions)
	}
	for _, f := range files {
		got, _, err := c.Digest(ctx, f.uri)
		switch {
		case sagemaker.IsNotFound(err):
			return fmt.Errorf("%s %s does not exist", f.what, f.uri)
		case err != nil:
			return fmt.Errorf("checking the %s of %s: %w", f.what, s.PackageARN, err)
		case !strings.EqualFold(got, f.sha256):
			return fmt.Errorf("%s %s was changed after its approval: got sha256 %s, expected %s", f.what, f.uri, got, f.sha256)
		}
	}
	return nil
}
