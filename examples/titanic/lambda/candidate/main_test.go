package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// shelf is a registry with some versions; it keeps the last update.
type shelf struct {
	versions map[string]*sagemaker.DescribeModelPackageOutput
	order    []string
	updated  *sagemaker.UpdateModelPackageInput
}

func (s *shelf) ListModelPackages(context.Context, *sagemaker.ListModelPackagesInput, ...func(*sagemaker.Options)) (*sagemaker.ListModelPackagesOutput, error) {
	var out sagemaker.ListModelPackagesOutput
	for _, arn := range s.order {
		out.ModelPackageSummaryList = append(out.ModelPackageSummaryList, types.ModelPackageSummary{ModelPackageArn: aws.String(arn)})
	}
	return &out, nil
}

func (s *shelf) DescribeModelPackage(_ context.Context, in *sagemaker.DescribeModelPackageInput, _ ...func(*sagemaker.Options)) (*sagemaker.DescribeModelPackageOutput, error) {
	return s.versions[*in.ModelPackageName], nil
}

func (s *shelf) UpdateModelPackage(_ context.Context, in *sagemaker.UpdateModelPackageInput, _ ...func(*sagemaker.Options)) (*sagemaker.UpdateModelPackageOutput, error) {
	s.updated = in
	return &sagemaker.UpdateModelPackageOutput{}, nil
}

func version(arn, report, digest, artifact string) *sagemaker.DescribeModelPackageOutput {
	return &sagemaker.DescribeModelPackageOutput{
		ModelPackageArn:        aws.String(arn),
		InferenceSpecification: &types.InferenceSpecification{Containers: []types.ModelPackageContainerDefinition{{ModelDataUrl: aws.String(artifact)}}},
		ModelMetrics:           &types.ModelMetrics{ModelQuality: &types.ModelQuality{Statistics: &types.MetricsSource{S3Uri: aws.String(report), ContentDigest: aws.String(digest)}}},
	}
}

func TestHandle(t *testing.T) {
	const (
		report   = "s3://store/titanicml/evaluations/run-1/output/evaluation.json"
		artifact = "s3://artifacts/pipeline/models/pipelines-x-Train-1/output/model.tar.gz"
	)
	evidence := fmt.Sprintf(`{"evaluation":"run-1","model":{"uri":%q,"sha256":"aa"},"dataset":{"sha256":"bb"},"report":{"uri":%q,"sha256":"cc"},"predictions":{"sha256":"dd"}}`, artifact, report)
	tests := []struct {
		name     string
		version  *sagemaker.DescribeModelPackageOutput
		evidence string
		want     string // of the error; empty: none
	}{
		{"found", version("v2", report, "sha256:cc", artifact), evidence, ""},
		{"other report", version("v2", "s3://elsewhere", "sha256:cc", artifact), evidence, "none of the 2 newest versions"},
		{"other digest", version("v2", report, "sha256:ee", artifact), evidence, "the evidence says sha256:cc"},
		{"other artifact", version("v2", report, "sha256:cc", "s3://else/where/model.tar.gz"), evidence, "was evaluated"},
		{"other evidence", version("v2", report, "sha256:cc", artifact), `{"evaluation":"run-2"}`, `is of evaluation "run-2"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &shelf{order: []string{"v1", "v2"}, versions: map[string]*sagemaker.DescribeModelPackageOutput{"v1": {ModelPackageArn: aws.String("v1")}, "v2": test.version}}
			f := finder{group: "g", store: "s3://store/titanicml", registry: s, read: func(_ context.Context, uri string, _ int64) ([]byte, error) {
				if uri != "s3://store/titanicml/evaluations/run-1/evidence.json" {
					t.Errorf("read %s", uri)
				}
				return []byte(test.evidence), nil
			}}
			got, err := f.handle(t.Context(), Event{Evaluation: "run-1"})
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got error %v, expected %q", err, test.want)
				}
				if s.updated != nil {
					t.Error("a version was written to although it does not agree")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != (Result{ModelPackageARN: "v2", Evaluation: "run-1"}) {
				t.Errorf("got %v", got)
			}
			if s.updated.ModelApprovalStatus != "" {
				t.Errorf("the approval was set to %s", s.updated.ModelApprovalStatus)
			}
			if m := s.updated.CustomerMetadataProperties; m["titanicml_artifact_sha256"] != "aa" || m["titanicml_run"] != "pipelines-x-Train-1" {
				t.Errorf("got the lineage %v", m)
			}
		})
	}
}
