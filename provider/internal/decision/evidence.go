// Package decision keeps what the gate decided and reads what it decides on.
//
// In: a store in S3 and the model registry. Out: evidence for the gate with
// every digest checked, immutable content-addressed decision records, and the
// champion pointer of each model package group, moved by conditional writes.
// S3 is the authority; Terraform's state is a cache of it.
package decision

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// ReadEvidence reads the document an evaluation left, with its place and digest. A missing one
// satisfies sagemaker.IsNotFound; a document that cannot be believed gives an error and its digest.
func ReadEvidence(ctx context.Context, c *sagemaker.Client, evaluation string) (*manifest.Evidence, manifest.File, error) {
	at := manifest.File{URI: manifest.Location(c.Store, evaluation).URI()}
	if evaluation == "" || strings.ContainsRune(evaluation, '/') { // below output/ a job writes what it likes
		return nil, at, fmt.Errorf("%q is no evaluation; expected the id of a titanicml_evaluation, which has no %q", evaluation, "/")
	}
	o, err := c.Document(ctx, at.URI)
	if err != nil {
		return nil, at, fmt.Errorf("reading the evidence of evaluation %s: %w", evaluation, err)
	}
	at.SHA256 = o.SHA256
	e, err := manifest.Decode(o.Body)
	if err != nil {
		return nil, at, fmt.Errorf("%s: %w", at.URI, err)
	}
	if e.Evaluation != evaluation {
		return nil, at, fmt.Errorf("%s describes evaluation %q, not %q", at.URI, e.Evaluation, evaluation)
	}
	return &e, at, nil
}

// createdAt is when the evaluation ended; the zero time when it does not say.
func createdAt(e *manifest.Evidence) time.Time {
	t, err := time.Parse(time.RFC3339, e.CreatedAt)
	if err != nil {
		return time.Time{}
	}
	return t
}
