// Command candidate is the Lambda function that finds the version a pipeline run registered, checks it against
// the run's sealed evidence and writes its lineage into the version's metadata. It never touches an approval.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/function"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/objects"
)

const (
	largestEvidence = 1 << 20
	// newest is how many versions are looked through: a run's own version is among the last few.
	newest = 20
)

// Event names the run's evaluation.
type Event struct {
	Evaluation string `json:"evaluation"`
}

// Result is what the deployment workflow is given.
type Result struct {
	ModelPackageARN string `json:"model_package_arn"`
	Evaluation      string `json:"evaluation"`
}

// registry is the part of SageMaker that is used here.
type registry interface {
	ListModelPackages(context.Context, *sagemaker.ListModelPackagesInput, ...func(*sagemaker.Options)) (*sagemaker.ListModelPackagesOutput, error)
	DescribeModelPackage(context.Context, *sagemaker.DescribeModelPackageInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeModelPackageOutput, error)
	UpdateModelPackage(context.Context, *sagemaker.UpdateModelPackageInput, ...func(*sagemaker.Options)) (*sagemaker.UpdateModelPackageOutput, error)
}

type finder struct {
	group, store string
	registry     registry
	read         func(ctx context.Context, uri string, limit int64) ([]byte, error)
}

// sealed is what this function needs of evidence.json.
type sealed struct {
	Evaluation string `json:"evaluation"`
	Model      file   `json:"model"`
	Dataset    file   `json:"dataset"`
	Report     file   `json:"report"`
	Predict    file   `json:"predictions"`
}

type file struct {
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
}

func main() {
	function.Main(setUp)
}

func setUp(ctx context.Context, getenv func(string) string) (function.Handler[Event, Result], error) {
	env, err := function.Required(getenv, "GROUP", "STORE")
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the function's credentials: %w", err)
	}
	f := finder{group: env["GROUP"], store: env["STORE"], registry: sagemaker.NewFromConfig(cfg), read: objects.Bucket{Client: s3.NewFromConfig(cfg)}.Read}
	return f.handle, nil
}

func (f finder) handle(ctx context.Context, event Event) (Result, error) {
	if event.Evaluation == "" || strings.Contains(event.Evaluation, "/") {
		return Result{}, fmt.Errorf("got the evaluation %q, expected the name of a run's evaluation", event.Evaluation)
	}
	directory := f.store + "/evaluations/" + event.Evaluation
	content, err := f.read(ctx, directory+"/evidence.json", largestEvidence)
	if err != nil {
		return Result{}, err
	}
	var evidence sealed
	if err := json.Unmarshal(content, &evidence); err != nil {
		return Result{}, fmt.Errorf("read %s/evidence.json: %w", directory, err)
	}
	if evidence.Evaluation != event.Evaluation {
		return Result{}, fmt.Errorf("%s/evidence.json is of evaluation %q, expected %q", directory, evidence.Evaluation, event.Evaluation)
	}
	version, err := f.find(ctx, evidence.Report.URI)
	if err != nil {
		return Result{}, err
	}
	if err := agree(version, evidence); err != nil {
		return Result{}, err
	}
	_, err = f.registry.UpdateModelPackage(ctx, &sagemaker.UpdateModelPackageInput{
		ModelPackageArn: version.ModelPackageArn,
		CustomerMetadataProperties: map[string]string{
			"titanicml_artifact_sha256":    evidence.Model.SHA256,
			"titanicml_dataset_sha256":     evidence.Dataset.SHA256,
			"titanicml_evaluation":         evidence.Evaluation,
			"titanicml_evaluation_sha256":  evidence.Report.SHA256,
			"titanicml_predictions_sha256": evidence.Predict.SHA256,
			"titanicml_run":                trainingJob(evidence.Model.URI),
		},
	})
	if err != nil {
		return Result{}, fmt.Errorf("write the lineage of %s: %w", aws.ToString(version.ModelPackageArn), err)
	}
	return Result{ModelPackageARN: aws.ToString(version.ModelPackageArn), Evaluation: evidence.Evaluation}, nil
}

// find returns the version whose metrics lie at report.
func (f finder) find(ctx context.Context, report string) (*sagemaker.DescribeModelPackageOutput, error) {
	page, err := f.registry.ListModelPackages(ctx, &sagemaker.ListModelPackagesInput{
		ModelPackageGroupName: &f.group, MaxResults: aws.Int32(newest), SortBy: types.ModelPackageSortByCreationTime, SortOrder: types.SortOrderDescending,
	})
	if err != nil {
		return nil, fmt.Errorf("list the versions of %s: %w", f.group, err)
	}
	for _, summary := range page.ModelPackageSummaryList {
		version, err := f.registry.DescribeModelPackage(ctx, &sagemaker.DescribeModelPackageInput{ModelPackageName: summary.ModelPackageArn})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", aws.ToString(summary.ModelPackageArn), err)
		}
		if statistics := statisticsOf(version); statistics != nil && aws.ToString(statistics.S3Uri) == report {
			return version, nil
		}
	}
	return nil, fmt.Errorf("none of the %d newest versions of %s has its metrics at %s; the pipeline registers nothing below its floor", len(page.ModelPackageSummaryList), f.group, report)
}

func statisticsOf(version *sagemaker.DescribeModelPackageOutput) *types.MetricsSource {
	if version.ModelMetrics == nil || version.ModelMetrics.ModelQuality == nil {
		return nil
	}
	return version.ModelMetrics.ModelQuality.Statistics
}

// agree compares what was registered with what was sealed.
func agree(version *sagemaker.DescribeModelPackageOutput, evidence sealed) error {
	arn := aws.ToString(version.ModelPackageArn)
	if got, want := aws.ToString(statisticsOf(version).ContentDigest), "sha256:"+evidence.Report.SHA256; !strings.EqualFold(got, want) {
		return fmt.Errorf("%s says that its report has the digest %s, the evidence says %s; run the pipeline again", arn, got, want)
	}
	if version.InferenceSpecification == nil || len(version.InferenceSpecification.Containers) != 1 {
		return fmt.Errorf("%s has not exactly one container; run the pipeline again", arn)
	}
	if got := aws.ToString(version.InferenceSpecification.Containers[0].ModelDataUrl); got != evidence.Model.URI {
		return fmt.Errorf("%s serves %s, but %s was evaluated; run the pipeline again", arn, got, evidence.Model.URI)
	}
	return nil
}

// trainingJob takes the job's name out of PREFIX/JOB/output/model.tar.gz, where SageMaker puts every artifact.
func trainingJob(uri string) string {
	parts := strings.Split(uri, "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[len(parts)-3]
}
