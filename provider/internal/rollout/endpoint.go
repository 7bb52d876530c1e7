package rollout

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// tagPackage marks models with the package version that they serve.
const tagPackage = sagemaker.TagPrefix + "package"

// Endpoint is an endpoint as SageMaker has it.
type Endpoint struct {
	Name, ARN, Status, FailureReason string
	// Config is the configuration in service, Model its first variant's model.
	Config, Model string
	// PackageARN and Version are those that the model was made for; empty where this project did not make it.
	PackageARN string
	Version    int64
	Variant    *types.ProductionVariant
	Container  *types.ContainerDefinition
	RoleARN    string
	// VPC and Isolation are the model's, KMSKeyARN the configuration's.
	VPC       *types.VpcConfig
	Isolation bool
	KMSKeyARN string
	Tags      map[string]string
}

// Ours reports whether this project made the endpoint.
func (e *Endpoint) Ours() bool { return e.Tags[sagemaker.TagEndpoint] == e.Name }

// Find reads an endpoint with what it serves; nil when there is none.
func Find(ctx context.Context, c *sagemaker.Client, name string) (*Endpoint, error) {
	out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &name})
	if sagemaker.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing endpoint %s: %w", name, err)
	}
	e := &Endpoint{Name: name, ARN: aws.ToString(out.EndpointArn), Status: string(out.EndpointStatus),
		FailureReason: aws.ToString(out.FailureReason), Config: aws.ToString(out.EndpointConfigName)}
	if e.Tags, err = c.ListTags(ctx, e.ARN); err != nil {
		return nil, err
	}
	if e.Config == "" {
		return e, nil
	}
	config, err := c.SageMaker.DescribeEndpointConfig(ctx, &sdk.DescribeEndpointConfigInput{EndpointConfigName: &e.Config})
	if sagemaker.IsNotFound(err) {
		return e, nil // deleted by hand: the endpoint serves on, and cannot be updated to it again
	}
	if err != nil {
		return nil, fmt.Errorf("describing endpoint configuration %s: %w", e.Config, err)
	}
	e.KMSKeyARN = aws.ToString(config.KmsKeyId)
	if len(config.ProductionVariants) == 0 {
		return e, nil
	}
	e.Variant = &config.ProductionVariants[0]
	e.Model = aws.ToString(e.Variant.ModelName)
	model, err := c.SageMaker.DescribeModel(ctx, &sdk.DescribeModelInput{ModelName: &e.Model})
	if sagemaker.IsNotFound(err) {
		return e, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing model %s: %w", e.Model, err)
	}
	e.Container, e.RoleARN = model.PrimaryContainer, aws.ToString(model.ExecutionRoleArn)
	e.VPC, e.Isolation = model.VpcConfig, aws.ToBool(model.EnableNetworkIsolation)
	tags, err := c.ListTags(ctx, aws.ToString(model.ModelArn))
	if err != nil {
		return nil, err
	}
	if e.PackageARN = tags[tagPackage]; e.PackageARN != "" {
		_, version, err := sagemaker.ParsePackageARN(e.PackageARN)
		if err != nil {
			return nil, fmt.Errorf("reading tag %s of model %s: %w", tagPackage, e.Model, err)
		}
		e.Version = int64(version)
	}
	return e, nil
}

// settled waits until nothing is being done to the endpoint and returns it; nil when it is gone.
func (s Spec) settled(ctx context.Context, c *sagemaker.Client) (*Endpoint, error) {
	name := s.Endpoint
	var found *Endpoint
	err := c.Wait(ctx, func(ctx context.Context) (bool, error) {
		out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &name})
		if sagemaker.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("waiting for endpoint %s: %w", name, err)
		}
		if s.Watch != nil {
			s.Watch(name, string(out.EndpointStatus), aws.ToString(out.FailureReason))
		}
		switch out.EndpointStatus {
		case types.EndpointStatusCreating, types.EndpointStatusUpdating, types.EndpointStatusSystemUpdating,
			types.EndpointStatusRollingBack, types.EndpointStatusDeleting:
			return false, nil
		}
		found, err = Find(ctx, c, name)
		return true, err
	})
	return found, err
}

// make creates the model and the configuration of a spec; those that a killed apply left are taken over.
func (s Spec) make(ctx context.Context, c *sagemaker.Client) error {
	tags := merged(s.Tags, sagemaker.TagEndpoint, s.Endpoint)
	model := &sdk.CreateModelInput{
		ModelName: aws.String(s.ModelName()), ExecutionRoleArn: aws.String(s.RoleARN),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String(s.Serving.Image), ModelDataUrl: aws.String(s.Serving.ArtifactURI), Environment: s.Environment},
		Tags:             sagemaker.Tags(merged(tags, tagPackage, s.Serving.PackageARN)),
	}
	if s.NetworkIsolation {
		model.EnableNetworkIsolation = aws.Bool(true)
	}
	if len(s.Subnets) > 0 {
		model.VpcConfig = &types.VpcConfig{Subnets: s.Subnets, SecurityGroupIds: s.Groups}
	}
	if _, err := c.SageMaker.CreateModel(ctx, model); err != nil && !sagemaker.IsAlreadyExists(err) {
		return fmt.Errorf("creating model %s: %w", s.ModelName(), err)
	}
	config := &sdk.CreateEndpointConfigInput{
		EndpointConfigName: aws.String(s.ConfigName()), ProductionVariants: []types.ProductionVariant{s.variant()}, Tags: sagemaker.Tags(tags),
	}
	if s.KMSKeyARN != "" {
		config.KmsKeyId = aws.String(s.KMSKeyARN)
	}
	err := c.Seen(ctx, func(ctx context.Context) error {
		_, err := c.SageMaker.CreateEndpointConfig(ctx, config)
		return err
	})
	if err != nil && !sagemaker.IsAlreadyExists(err) {
		return fmt.Errorf("creating endpoint configuration %s: %w", s.ConfigName(), err)
	}
	return nil
}

func merged(m map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// describeServed is "version 3" or, for an endpoint that this project did not make, its configuration.
func (e *Endpoint) describeServed() string {
	if e.Version != 0 {
		return "version " + strconv.FormatInt(e.Version, 10)
	}
	return "configuration " + e.Config
}
