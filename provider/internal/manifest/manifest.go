// Package manifest is the document an evaluation leaves beside its files: what was scored, on what, with which digests.
// In goes what titanicml_evaluation observed; out comes evidence.json, which the gate reads instead of trusting Terraform state.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Schema is the version of the document.
const Schema = 1

// File is an object named with its content.
type File struct {
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
}

// Baseline is the champion that was scored in the same job on the same data.
type Baseline struct {
	ModelPackageARN   string `json:"model_package_arn"`
	ModelPackageGroup string `json:"model_package_group"`
	ArtifactSHA256    string `json:"artifact_sha256"`
	DecisionURI       string `json:"decision_uri"`
	Report            File   `json:"report"`
	Predictions       *File  `json:"predictions"`
}

// Evidence is the document. Times are RFC 3339 in UTC; CreatedAt is when the job ended, so that writing it again gives the same bytes.
type Evidence struct {
	Schema          int       `json:"schema"`
	Evaluation      string    `json:"evaluation"`
	JobARN          string    `json:"job_arn"`
	CreatedAt       string    `json:"created_at"`
	Image           string    `json:"image"`
	Model           File      `json:"model"`
	Dataset         File      `json:"dataset"`
	TrainingDataset *File     `json:"training_dataset"`
	Report          File      `json:"report"`
	Predictions     *File     `json:"predictions"`
	Baseline        *Baseline `json:"baseline"`
	IDColumn        string    `json:"id_column"`
	LabelColumn     string    `json:"label_column"`
	ScoreColumn     string    `json:"score_column"`
	Examples        int64     `json:"examples"`
	P95LatencyMS    *float64  `json:"p95_latency_ms"`
}

// Location is where the evidence of an evaluation lies in a store.
func Location(store sagemaker.Location, evaluation string) sagemaker.Location {
	return store.Join("evaluations", evaluation, "evidence.json")
}

// Encode writes the document.
func (e Evidence) Encode() ([]byte, error) {
	e.Schema = Schema
	body, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the evidence of %s: %w", e.Evaluation, err)
	}
	return append(body, '\n'), nil
}

// Decode reads a document and refuses one of another schema or with unknown fields: both mean that part of it would be ignored.
func Decode(body []byte) (Evidence, error) {
	var e Evidence
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("reading evidence: %w", err)
	}
	if e.Schema != Schema {
		return e, fmt.Errorf("reading evidence of %s: schema is %d, expected %d; use the provider version that wrote it, or a newer one", e.Evaluation, e.Schema, Schema)
	}
	return e, nil
}
