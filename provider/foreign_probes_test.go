package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/rollout"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// probeJobs runs a training and a processing job as the provider does: tagged, found by name, waited for. It notes whether the
// training job left an artifact; where none did, hands write what containers would have written.
func probeJobs(ctx context.Context, f *foreign) error {
	c, err := f.client(ctx, f.accessKey())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	job, err := probeJob(ctx, c, sagemaker.Training, func(ctx context.Context, name string, tags []sdktypes.Tag) error {
		_, err := c.SageMaker.CreateTrainingJob(ctx, &sdk.CreateTrainingJobInput{TrainingJobName: &name, RoleArn: aws.String(f.role()), Tags: tags,
			AlgorithmSpecification: &sdktypes.AlgorithmSpecification{TrainingImage: aws.String("tiny"), TrainingInputMode: sdktypes.TrainingInputModeFile,
				MetricDefinitions: []sdktypes.MetricDefinition{{Name: aws.String("auc"), Regex: aws.String("auc=([0-9.]+)")}}},
			HyperParameters:   map[string]string{"quality": "800"},
			OutputDataConfig:  &sdktypes.OutputDataConfig{S3OutputPath: aws.String(c.Store.Join("probe").URI())},
			ResourceConfig:    &sdktypes.ResourceConfig{InstanceType: "ml.m5.large", InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(5)},
			StoppingCondition: &sdktypes.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(60)}})
		return err
	})
	if err != nil {
		return err
	}
	if job.Training.ModelArtifacts == nil {
		return errors.New("a completed training job names no artifact")
	}
	_, err = c.Head(ctx, aws.ToString(job.Training.ModelArtifacts.S3ModelArtifacts))
	if err != nil && !sagemaker.IsNotFound(err) {
		return err
	}
	runsContainers = err == nil
	_, err = probeProcessing(ctx, c, f)
	return err
}

// probeModel puts a model into the store that the tests' container can read, and returns its address.
func probeModel(ctx context.Context, c *sagemaker.Client) (string, error) {
	body, err := modelArchive(containerModel{Quality: 800})
	if err != nil {
		return "", err
	}
	at := c.Store.Join("probe", "model.tar.gz").URI()
	_, err = c.Put(ctx, at, "application/gzip", body)
	return at, err
}

func probeProcessing(ctx context.Context, c *sagemaker.Client, f *foreign) (*sagemaker.Job, error) {
	model, err := probeModel(ctx, c)
	if err != nil {
		return nil, err
	}
	return probeJob(ctx, c, sagemaker.Processing, func(ctx context.Context, name string, tags []sdktypes.Tag) error {
		_, err := c.SageMaker.CreateProcessingJob(ctx, &sdk.CreateProcessingJobInput{ProcessingJobName: &name, RoleArn: aws.String(f.role()), Tags: tags,
			AppSpecification: &sdktypes.AppSpecification{ImageUri: aws.String("tiny"), ContainerArguments: []string{"evaluate"}},
			ProcessingInputs: []sdktypes.ProcessingInput{{InputName: aws.String("model"), S3Input: &sdktypes.ProcessingS3Input{S3Uri: &model,
				LocalPath: aws.String("/opt/ml/processing/input/model"), S3DataType: sdktypes.ProcessingS3DataTypeS3Prefix, S3InputMode: sdktypes.ProcessingS3InputModeFile}}},
			ProcessingResources: &sdktypes.ProcessingResources{ClusterConfig: &sdktypes.ProcessingClusterConfig{
				InstanceType: "ml.m5.large", InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(5)}}})
		return err
	})
}

// probeDescriptions asks for what an import of an evaluation reads.
func probeDescriptions(ctx context.Context, f *foreign) error {
	c, err := f.client(ctx, f.accessKey())
	if err != nil {
		return err
	}
	job, err := probeProcessing(ctx, c, f)
	if err != nil {
		return err
	}
	if r := job.Processing.ProcessingResources; r == nil || r.ClusterConfig == nil {
		return errors.New("DescribeProcessingJob leaves out ProcessingResources")
	}
	return nil
}

func probeJob(ctx context.Context, c *sagemaker.Client, kind sagemaker.Kind, create func(context.Context, string, []sdktypes.Tag) error) (*sagemaker.Job, error) {
	run := sagemaker.Run{Kind: kind, Name: "probe", Hash: digest(time.Now().String()), Create: create}
	job, _, err := c.StartJob(ctx, run)
	if err != nil {
		return nil, brief(err)
	}
	if job, err = c.WaitJob(ctx, kind, job.Name, nil); err != nil {
		return nil, fmt.Errorf("waiting for a %s job: %w", kind, err)
	}
	if job.Status != sagemaker.JobCompleted {
		return nil, fmt.Errorf("a %s job is %s: %s", kind, job.Status, job.FailureReason)
	}
	again, adopted, err := c.StartJob(ctx, run)
	if err != nil || !adopted || again.Name != job.Name {
		return nil, fmt.Errorf("a %s job is not found by its name and tag (%w)", kind, orNothing(err))
	}
	return job, nil
}

func probeContainers(ctx context.Context, f *foreign) error {
	if err := probeJobs(ctx, f); err != nil {
		return err
	}
	if !runsContainers {
		return errors.New("a completed training job leaves no artifact, so that no container has run")
	}
	return nil
}

// probeEndpoint makes an endpoint and returns what made it.
func probeEndpoint(ctx context.Context, f *foreign) (*sagemaker.Client, string, error) {
	c, err := f.client(ctx, f.accessKey())
	if err != nil {
		return nil, "", err
	}
	model, err := probeModel(ctx, c)
	if err != nil {
		return nil, "", err
	}
	name := fmt.Sprintf("probe-%d", time.Now().UnixNano())
	tags := sagemaker.Tags(map[string]string{"env": "dev"})
	_, err = c.SageMaker.CreateModel(ctx, &sdk.CreateModelInput{ModelName: &name, ExecutionRoleArn: aws.String(f.role()), Tags: tags,
		PrimaryContainer: &sdktypes.ContainerDefinition{Image: aws.String("tiny"), ModelDataUrl: &model}})
	if err != nil {
		return nil, "", fmt.Errorf("CreateModel: %w", brief(err))
	}
	for _, config := range []string{name, name + "-2"} {
		_, err = c.SageMaker.CreateEndpointConfig(ctx, &sdk.CreateEndpointConfigInput{EndpointConfigName: &config, Tags: tags,
			ProductionVariants: []sdktypes.ProductionVariant{{VariantName: aws.String("champion"), ModelName: &name, InstanceType: "ml.t2.medium",
				InitialInstanceCount: aws.Int32(1), InitialVariantWeight: aws.Float32(1)}}})
		if err != nil {
			return nil, "", fmt.Errorf("CreateEndpointConfig: %w", brief(err))
		}
	}
	if _, err = c.SageMaker.CreateEndpoint(ctx, &sdk.CreateEndpointInput{EndpointName: &name, EndpointConfigName: &name, Tags: tags}); err != nil {
		return nil, "", fmt.Errorf("CreateEndpoint: %w", brief(err))
	}
	return c, name, servesWith(ctx, c, name, name)
}

// servesWith waits until an endpoint serves with a configuration.
func servesWith(ctx context.Context, c *sagemaker.Client, name, config string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return c.Wait(ctx, func(ctx context.Context) (bool, error) {
		e, err := rollout.Find(ctx, c, name)
		if err != nil || e == nil {
			return false, fmt.Errorf("an endpoint is not found (%w)", orNothing(err))
		}
		switch sdktypes.EndpointStatus(e.Status) {
		case sdktypes.EndpointStatusCreating, sdktypes.EndpointStatusUpdating, sdktypes.EndpointStatusSystemUpdating:
			return false, nil
		case sdktypes.EndpointStatusInService:
		default:
			return false, fmt.Errorf("an endpoint is %s: %s", e.Status, e.FailureReason)
		}
		if e.Config != config {
			return false, fmt.Errorf("an endpoint is InService with %s, expected %s", e.Config, config)
		}
		return true, nil
	})
}

func probeEndpoints(ctx context.Context, f *foreign) error {
	c, name, err := probeEndpoint(ctx, f)
	if err != nil {
		return err
	}
	e, err := rollout.Find(ctx, c, name)
	if err != nil || e == nil || e.Variant == nil || e.Tags["env"] != "dev" {
		return fmt.Errorf("an endpoint is described as %+v (%w)", e, orNothing(err))
	}
	if _, err := c.SageMaker.DeleteEndpoint(ctx, &sdk.DeleteEndpointInput{EndpointName: &name}); err != nil {
		return fmt.Errorf("DeleteEndpoint: %w", brief(err))
	}
	return nil
}

func probeUpdates(ctx context.Context, f *foreign) error {
	c, name, err := probeEndpoint(ctx, f)
	if err != nil {
		return err
	}
	_, err = c.SageMaker.UpdateEndpoint(ctx, &sdk.UpdateEndpointInput{EndpointName: &name, EndpointConfigName: aws.String(name + "-2")})
	if err != nil {
		return fmt.Errorf("UpdateEndpoint: %w", brief(err))
	}
	if err := servesWith(ctx, c, name, name+"-2"); err != nil {
		return err
	}
	_, err = c.SageMaker.DeleteEndpoint(ctx, &sdk.DeleteEndpointInput{EndpointName: &name})
	return brief(err)
}
