package rollout

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
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
	// A record from anywhere else is not one that a promotion on this store wrote.
	if place := c.Store.Join("decisions", s.Group, strconv.FormatInt(s.Version, 10)).URI() + "/"; !strings.HasPrefix(s.DecisionURI, place) {
		return fmt.Errorf("decision record %s is not one of the store's: expected it under %s", s.DecisionURI, place)
	}
	r, err := decision.Read(ctx, c, s.DecisionURI, s.DecisionSHA256)
	if sagemaker.IsNotFound(err) {
		return &MissingRecordError{s.DecisionURI}
	}
	if err != nil {
		return fmt.Errorf("checking the decision about %s: %w", s.PackageARN, err)
	}
	if !r.Allows() {
		return fmt.Errorf("decision record %s does not approve %s: got outcome %q, expected %q", s.DecisionURI, s.PackageARN, r.Outcome, "approved")
	}
	for _, f := range []struct{ what, serving, record string }{
		{"model_package_arn", s.PackageARN, r.ModelPackageARN},
		{"image", s.Image, r.Image},
		{"artifact_uri", s.ArtifactURI, r.ArtifactURI},
		{"artifact_sha256", s.ArtifactSHA256, r.ArtifactSHA256},
	} {
		if f.serving != f.record {
			return fmt.Errorf("serving says %s %s, but decision record %s approves %s", f.what, f.serving, s.DecisionURI, f.record)
		}
	}
	return nil
}

// Check is CheckDecision, and holds the artifact as it lies in S3 against the digest that was approved.
func Check(ctx context.Context, c *sagemaker.Client, s Serving) error {
	if err := CheckDecision(ctx, c, s); err != nil {
		return err
	}
	got, _, err := c.Digest(ctx, s.ArtifactURI)
	if sagemaker.IsNotFound(err) {
		return fmt.Errorf("artifact %s does not exist", s.ArtifactURI)
	}
	if err != nil {
		return fmt.Errorf("checking the artifact of %s: %w", s.PackageARN, err)
	}
	if got != s.ArtifactSHA256 {
		return fmt.Errorf("artifact %s was changed after its approval: got sha256 %s, expected %s", s.ArtifactURI, got, s.ArtifactSHA256)
	}
	return nil
}
