package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/objects"
)

func hexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestHandle(t *testing.T) {
	const report = `{"performance":{"examples":{"value":320},"p95_latency_ms":{"value":0.5}}}`
	event := Event{Evaluation: "pipeline-ab12", HoldoutURI: "s3://bkt/curated/x/holdout", Image: "titanic", ModelURI: "s3://bkt/models/j/output/model.tar.gz",
		OutputURI: "s3://bkt/titanicml/evaluations/pipeline-ab12/output", ProcessingJobARN: "arn:job", TrainURI: "s3://bkt/curated/x/train"}
	complete := map[string]string{
		"models/j/output/model.tar.gz":                               "model",
		"curated/x/holdout/holdout.csv":                              "holdout",
		"curated/x/train/train.csv":                                  "train",
		"titanicml/evaluations/pipeline-ab12/output/evaluation.json": report,
		"titanicml/evaluations/pipeline-ab12/output/predictions.csv": "predictions",
	}
	tests := []struct {
		name   string
		change func(map[string]string, *Event)
		want   string // of the error; empty: none
	}{
		{"complete", func(map[string]string, *Event) {}, ""},
		{"no model and no train file", func(files map[string]string, _ *Event) {
			delete(files, "models/j/output/model.tar.gz")
			delete(files, "curated/x/train/train.csv")
		}, "train.csv: there is no such object"},
		{"report without count", func(files map[string]string, _ *Event) {
			files["titanicml/evaluations/pipeline-ab12/output/evaluation.json"] = "{}"
		}, "performance.examples.value"},
		{"name that leaves its place", func(_ map[string]string, e *Event) { e.Evaluation = "../champions" }, "expected up to 63"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			backend := s3mem.New()
			server := httptest.NewServer(gofakes3.New(backend).Server())
			defer server.Close()
			client := s3.New(s3.Options{Region: "eu-west-1", UsePathStyle: true, BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
			bucket := objects.Bucket{Client: client}
			if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bkt")}); err != nil {
				t.Fatal(err)
			}
			files, given := map[string]string{}, event
			for key, content := range complete {
				files[key] = content
			}
			test.change(files, &given)
			for key, content := range files {
				if err := bucket.Write(t.Context(), "s3://bkt/"+key, "text/plain", []byte(content)); err != nil {
					t.Fatal(err)
				}
			}
			s := sealer{store: "s3://bkt/titanicml", bucket: bucket, now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
			got, err := s.handle(t.Context(), given)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got error %v, expected %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.EvaluationDigest != "sha256:"+hexOf(report) || !strings.HasSuffix(got.EvaluationURI, "/output/evaluation.json") {
				t.Errorf("got %+v", got)
			}
			content, err := bucket.Read(t.Context(), "s3://bkt/titanicml/evaluations/pipeline-ab12/evidence.json", 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			var doc evidence
			if err := json.Unmarshal(content, &doc); err != nil {
				t.Fatal(err)
			}
			if doc.Model.SHA256 != hexOf("model") || doc.TrainingDataset.SHA256 != hexOf("train") || doc.Examples != 320 || doc.CreatedAt != "2026-01-02T03:04:05Z" {
				t.Errorf("got %s", content)
			}
		})
	}
}
