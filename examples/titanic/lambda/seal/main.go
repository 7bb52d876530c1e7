// Command seal is the Lambda function behind the pipeline's step of that name: it reads what a run produced,
// writes the digests down as evidence.json and returns them for the registration.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/function"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/objects"
)

const largestReport = 4 << 20

// Event names what a pipeline run produced. The URIs of train, holdout and output are prefixes, as processing
// jobs have them.
type Event struct {
	Evaluation       string `json:"evaluation"`
	HoldoutURI       string `json:"holdout_uri"`
	Image            string `json:"image"`
	ModelURI         string `json:"model_uri"`
	OutputURI        string `json:"output_uri"`
	ProcessingJobARN string `json:"processing_job_arn"`
	TrainURI         string `json:"train_uri"`
}

// Result is read by the pipeline's registration.
type Result struct {
	EvaluationDigest string `json:"evaluation_digest"` // sha256:HEX, as ModelMetrics has it
	EvaluationURI    string `json:"evaluation_uri"`
}

type file struct {
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
}

// evidence is the provider's evidence.json, schema 1.
type evidence struct {
	Schema          int       `json:"schema"`
	Evaluation      string    `json:"evaluation"`
	JobARN          string    `json:"job_arn"`
	CreatedAt       string    `json:"created_at"`
	Image           string    `json:"image"`
	Model           file      `json:"model"`
	Dataset         file      `json:"dataset"`
	TrainingDataset *file     `json:"training_dataset"`
	Report          file      `json:"report"`
	Predictions     *file     `json:"predictions"`
	Baseline        *struct{} `json:"baseline"`
	IDColumn        string    `json:"id_column"`
	LabelColumn     string    `json:"label_column"`
	ScoreColumn     string    `json:"score_column"`
	Examples        int64     `json:"examples"`
	P95LatencyMS    *float64  `json:"p95_latency_ms"`
}

type sealer struct {
	store  string
	bucket objects.Bucket
	now    func() time.Time
}

func main() {
	function.Main(setUp)
}

func setUp(ctx context.Context, getenv func(string) string) (function.Handler[Event, Result], error) {
	env, err := function.Required(getenv, "STORE")
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the function's credentials: %w", err)
	}
	s := sealer{store: env["STORE"], bucket: objects.Bucket{Client: s3.NewFromConfig(cfg)}, now: time.Now}
	return s.handle, nil
}

var evaluationName = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)

func (s sealer) handle(ctx context.Context, event Event) (Result, error) {
	if !evaluationName.MatchString(event.Evaluation) {
		return Result{}, fmt.Errorf("got the evaluation %q, expected up to 63 letters, digits and dashes", event.Evaluation)
	}
	doc := evidence{Schema: 1, Evaluation: event.Evaluation, JobARN: event.ProcessingJobARN, CreatedAt: s.now().UTC().Format(time.RFC3339),
		Image: event.Image, IDColumn: "passenger_id", LabelColumn: "label", ScoreColumn: "score"}
	var errs []error
	digest := func(uri string) file {
		sum, err := s.bucket.Digest(ctx, uri)
		if err != nil {
			errs = append(errs, err)
		}
		return file{URI: uri, SHA256: sum}
	}
	doc.Model, doc.Dataset = digest(event.ModelURI), digest(event.HoldoutURI+"/holdout.csv")
	training, predictions := digest(event.TrainURI+"/train.csv"), digest(event.OutputURI+"/predictions.csv")
	doc.TrainingDataset, doc.Predictions = &training, &predictions
	doc.Report = digest(event.OutputURI + "/evaluation.json")
	if err := errors.Join(errs...); err != nil {
		return Result{}, fmt.Errorf("seal %s: %w", event.Evaluation, err)
	}
	body, err := s.bucket.Read(ctx, doc.Report.URI, largestReport)
	if err != nil {
		return Result{}, fmt.Errorf("seal %s: %w", event.Evaluation, err)
	}
	if doc.Examples, doc.P95LatencyMS, err = performance(body); err != nil {
		return Result{}, fmt.Errorf("seal %s: %s: %w", event.Evaluation, doc.Report.URI, err)
	}
	encoded, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return Result{}, fmt.Errorf("seal %s: %w", event.Evaluation, err)
	}
	if err := s.bucket.Write(ctx, s.store+"/evaluations/"+event.Evaluation+"/evidence.json", "application/json", append(encoded, '\n')); err != nil {
		return Result{}, fmt.Errorf("seal %s: %w", event.Evaluation, err)
	}
	return Result{EvaluationDigest: "sha256:" + doc.Report.SHA256, EvaluationURI: doc.Report.URI}, nil
}

// performance takes the number of examples and the latency out of a report.
func performance(report []byte) (examples int64, p95 *float64, err error) {
	var parsed struct {
		Performance map[string]struct {
			Value *float64 `json:"value"`
		} `json:"performance"`
	}
	if err := json.Unmarshal(report, &parsed); err != nil {
		return 0, nil, fmt.Errorf("got a report that is no JSON: %w", err)
	}
	count := parsed.Performance["examples"].Value
	if count == nil || *count < 1 || *count != math.Trunc(*count) {
		return 0, nil, errors.New("got no whole number in performance.examples.value, expected how many examples were scored")
	}
	return int64(*count), parsed.Performance["p95_latency_ms"].Value, nil
}
