package engine_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// TestAssumptions asks what the engine assumes of the service. Each row is a question
// that the real service can be asked too: with TITANICML_TEST_AWS=1 the ambient
// credentials and region are used instead of an engine. Nothing here costs money.
func TestAssumptions(t *testing.T) {
	ctx := t.Context()
	client := assumptionsClient(t)
	stem := fmt.Sprintf("titanicml-test-%d", time.Now().UnixNano())
	absent := aws.String(stem + "-absent")
	group := stem + "-group"
	created, err := client.CreateModelPackageGroup(ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: &group})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteModelPackageGroup(context.WithoutCancel(ctx), &sagemaker.DeleteModelPackageGroupInput{ModelPackageGroupName: &group})
	})
	packageARN := strings.Replace(*created.ModelPackageGroupArn, "model-package-group", "model-package", 1) + "/1"
	invalid := "ValidationException"
	for question, c := range map[string]struct {
		ask  func() error
		code string
		text string
	}{
		"an unknown training job": {func() error {
			_, err := client.DescribeTrainingJob(ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: absent})
			return err
		}, invalid, "Requested resource not found."},
		"stopping an unknown training job": {func() error {
			_, err := client.StopTrainingJob(ctx, &sagemaker.StopTrainingJobInput{TrainingJobName: absent})
			return err
		}, invalid, "Requested resource not found."},
		"an unknown processing job": {func() error {
			_, err := client.DescribeProcessingJob(ctx, &sagemaker.DescribeProcessingJobInput{ProcessingJobName: absent})
			return err
		}, invalid, "Could not find requested job with name"},
		"an unknown model": {func() error {
			_, err := client.DescribeModel(ctx, &sagemaker.DescribeModelInput{ModelName: absent})
			return err
		}, invalid, "Could not find model \"arn:aws"},
		"an unknown endpoint configuration": {func() error {
			_, err := client.DescribeEndpointConfig(ctx, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: absent})
			return err
		}, invalid, "Could not find endpoint configuration \"arn:aws"},
		"an unknown endpoint": {func() error {
			_, err := client.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: absent})
			return err
		}, invalid, "Could not find endpoint \"arn:aws"},
		"deleting an unknown endpoint": {func() error {
			_, err := client.DeleteEndpoint(ctx, &sagemaker.DeleteEndpointInput{EndpointName: absent})
			return err
		}, invalid, "Could not find endpoint \"arn:aws"},
		"an endpoint on an unknown configuration": {func() error {
			_, err := client.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{EndpointName: absent, EndpointConfigName: absent})
			return err
		}, invalid, "Could not find endpoint configuration"},
		"an unknown group": {func() error {
			_, err := client.DescribeModelPackageGroup(ctx, &sagemaker.DescribeModelPackageGroupInput{ModelPackageGroupName: absent})
			return err
		}, invalid, "does not exist"},
		"an unknown package": {func() error {
			_, err := client.DescribeModelPackage(ctx, &sagemaker.DescribeModelPackageInput{ModelPackageName: &packageARN})
			return err
		}, invalid, "does not exist"},
		"a group that exists": {func() error {
			_, err := client.CreateModelPackageGroup(ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: &group})
			return err
		}, invalid, "already exists"},
		"tags on a version": {func() error {
			_, err := client.CreateModelPackage(ctx, &sagemaker.CreateModelPackageInput{
				ModelPackageGroupName: &group,
				Tags:                  []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
				InferenceSpecification: &types.InferenceSpecification{
					Containers:            []types.ModelPackageContainerDefinition{{Image: aws.String("000000000000.dkr.ecr.eu-west-1.amazonaws.com/x:1")}},
					SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"},
				},
			})
			return err
		}, invalid, "Tags are not supported in Model Package versions"},
		"a reserved tag": {func() error {
			_, err := client.AddTags(ctx, &sagemaker.AddTagsInput{ResourceArn: created.ModelPackageGroupArn, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}})
			return err
		}, invalid, "aws:"},
		"a name with an underscore": {func() error {
			_, err := client.DescribeTrainingJob(ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("under_score")})
			return err
		}, invalid, "1 validation error detected: Value 'under_score' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern"},
		"a name that is too long": {func() error {
			_, err := client.DescribeTrainingJob(ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String(strings.Repeat("x", 64))})
			return err
		}, invalid, "Member must have length less than or equal to 63"},
		"a page size of 101": {func() error {
			_, err := client.ListTrainingJobs(ctx, &sagemaker.ListTrainingJobsInput{MaxResults: aws.Int32(101)})
			return err
		}, invalid, "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"},
		"a memory size that is none": {func() error {
			_, err := client.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{EndpointConfigName: absent, ProductionVariants: []types.ProductionVariant{{
				VariantName: aws.String("v"), ModelName: absent,
				ServerlessConfig: &types.ProductionVariantServerlessConfig{MemorySizeInMB: aws.Int32(1111), MaxConcurrency: aws.Int32(1)},
			}}})
			return err
		}, invalid, "failed to satisfy constraint: Member must satisfy enum value set: ["},
		"a status that is none": {func() error {
			_, err := client.ListTrainingJobs(ctx, &sagemaker.ListTrainingJobsInput{StatusEquals: "Resting"})
			return err
		}, invalid, "Member must satisfy enum value set: ["},
	} {
		t.Run(question, func(t *testing.T) { wantError(t, c.ask(), c.code, c.text) })
	}
}

func assumptionsClient(t *testing.T) *sagemaker.Client {
	if os.Getenv("TITANICML_TEST_AWS") == "" {
		return newSuite(t).Client
	}
	ambient, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sagemaker.NewFromConfig(ambient)
}
