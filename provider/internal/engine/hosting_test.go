package engine_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
)

// model creates a model of an image whose answers start with a flavour, and a
// configuration of the same name with one variant of it.
func (s *suite) model(name, image, flavour string) {
	s.t.Helper()
	if _, err := s.CreateModel(s.ctx, &sagemaker.CreateModelInput{
		ModelName: &name, ExecutionRoleArn: aws.String(roleARN),
		PrimaryContainer: &types.ContainerDefinition{Image: &image, Environment: map[string]string{"FLAVOUR": flavour}},
	}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.CreateEndpointConfig(s.ctx, configOf(name, name)); err != nil {
		s.t.Fatal(err)
	}
}

func configOf(name, model string) *sagemaker.CreateEndpointConfigInput {
	return &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: &name,
		ProductionVariants: []types.ProductionVariant{{
			VariantName: aws.String("main"), ModelName: &model, InstanceType: types.ProductionVariantInstanceTypeMlT2Medium, InitialInstanceCount: aws.Int32(1),
		}},
	}
}

func (s *suite) endpoint(name, config string) {
	s.t.Helper()
	if _, err := s.CreateEndpoint(s.ctx, &sagemaker.CreateEndpointInput{EndpointName: &name, EndpointConfigName: &config}); err != nil {
		s.t.Fatal(err)
	}
	s.inService(name)
}

func (s *suite) inService(name string) {
	s.t.Helper()
	waiter := sagemaker.NewEndpointInServiceWaiter(s.Client, func(o *sagemaker.EndpointInServiceWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(s.ctx, &sagemaker.DescribeEndpointInput{EndpointName: &name}, 30*time.Second); err != nil {
		s.t.Fatalf("%v: %s", err, aws.ToString(s.describe(name).FailureReason))
	}
}

func (s *suite) describe(name string) *sagemaker.DescribeEndpointOutput {
	s.t.Helper()
	out, err := s.DescribeEndpoint(s.ctx, &sagemaker.DescribeEndpointInput{EndpointName: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *suite) invoke(name, body string) (string, error) {
	out, err := s.runtime.InvokeEndpoint(s.ctx, &sagemakerruntime.InvokeEndpointInput{
		EndpointName: &name, Body: []byte(body), ContentType: aws.String("text/csv"),
	})
	if err != nil {
		return "", err
	}
	return string(out.Body), nil
}

func (s *suite) wantAnswer(name, body, want string) {
	s.t.Helper()
	if got, err := s.invoke(name, body); err != nil || got != want {
		s.t.Errorf("invoke %s: got %q, %v, want %q", name, got, err, want)
	}
}

func TestEndpointServesAnApprovedPackage(t *testing.T) {
	s := newSuite(t)
	s.trained(training("first", "good"))
	s.group("survival")
	arn := s.version("survival", func(in *sagemaker.CreateModelPackageInput) {
		in.InferenceSpecification = inference("good", uri("runs/first/output/model.tar.gz"))
	})
	create := &sagemaker.CreateModelInput{ModelName: aws.String("m"), Containers: []types.ContainerDefinition{{ModelPackageName: &arn}}}
	_, err := s.CreateModel(s.ctx, create)
	wantError(t, err, "ValidationException", "ApprovalStatus: PendingManualApproval")
	if _, err := s.UpdateModelPackage(s.ctx, &sagemaker.UpdateModelPackageInput{ModelPackageArn: &arn, ModelApprovalStatus: types.ModelApprovalStatusApproved}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateModel(s.ctx, create); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateEndpointConfig(s.ctx, configOf("c", "m")); err != nil {
		t.Fatal(err)
	}
	s.endpoint("titanic", "c")
	if got, err := s.invoke("titanic", "3,male"); err != nil || !strings.HasPrefix(got, "package {") || !strings.HasSuffix(got, ":3,male") {
		t.Errorf("got %q, %v", got, err)
	}
	out := s.describe("titanic")
	variant := out.ProductionVariants[0]
	if aws.ToString(out.EndpointConfigName) != "c" || aws.ToInt32(variant.CurrentInstanceCount) != 1 || aws.ToFloat32(variant.CurrentWeight) != 1 ||
		aws.ToString(variant.DeployedImages[0].SpecifiedImage) != "good" {
		t.Errorf("got %+v", out)
	}
	if _, err := s.DeleteEndpoint(s.ctx, &sagemaker.DeleteEndpointInput{EndpointName: aws.String("titanic")}); err != nil {
		t.Fatal(err)
	}
	waiter := sagemaker.NewEndpointDeletedWaiter(s.Client, func(o *sagemaker.EndpointDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(s.ctx, &sagemaker.DescribeEndpointInput{EndpointName: aws.String("titanic")}, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	_, err = s.invoke("titanic", "x")
	wantError(t, err, "ValidationError", "not found")
}

// TestUpdateLosesNoRequest switches an endpoint back and forth while it is invoked.
func TestUpdateLosesNoRequest(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	s.endpoint("titanic", "blue")
	stop := make(chan struct{})
	var answered, failed atomic.Int64
	var callers sync.WaitGroup
	end := sync.OnceFunc(func() { close(stop); callers.Wait() })
	defer end()
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got, err := s.invoke("titanic", "x"); err != nil || !strings.HasSuffix(got, " :x") {
					failed.Add(1)
					t.Errorf("got %q, %v", got, err)
				}
				answered.Add(1)
			}
		})
	}
	for _, config := range []string{"green", "blue", "green"} {
		if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: &config}); err != nil {
			t.Fatal(err)
		}
		s.inService("titanic")
		s.wantAnswer("titanic", "1", config+" :1")
	}
	end()
	if answered.Load() == 0 || failed.Load() > 0 {
		t.Errorf("%d answered, %d failed", answered.Load(), failed.Load())
	}
}

func TestUpdateThatDoesNotComeUpKeepsTheOldConfiguration(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.model("broken", "exit", "")
	s.model("unmapped", "nobody", "")
	s.endpoint("titanic", "blue")
	for _, config := range []string{"broken", "unmapped"} {
		if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: &config}); err != nil {
			t.Fatal(err)
		}
		s.inService("titanic")
		out := s.describe("titanic")
		if aws.ToString(out.EndpointConfigName) != "blue" || aws.ToString(out.FailureReason) == "" || out.PendingDeploymentSummary != nil {
			t.Errorf("%s: config %s, reason %q, pending %v", config, aws.ToString(out.EndpointConfigName), aws.ToString(out.FailureReason), out.PendingDeploymentSummary)
		}
		s.wantAnswer("titanic", "x", "blue :x")
	}
	if _, err := s.UpdateEndpointWeightsAndCapacities(s.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("titanic"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredWeight: aws.Float32(2)}},
	}); err != nil {
		t.Fatal(err)
	}
	s.inService("titanic")
	if out := s.describe("titanic"); out.FailureReason != nil {
		t.Errorf("other weights keep the reason of the update before: %q", *out.FailureReason)
	}
	_, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("blue")})
	wantError(t, err, "ValidationException", "Cannot update endpoint with the currently in use endpoint configuration")
	s.model("green", "good", "green ")
	for _, config := range []string{"broken", "green"} {
		if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: &config}); err != nil {
			t.Fatal(err)
		}
		s.inService("titanic")
	}
	if out := s.describe("titanic"); out.FailureReason != nil {
		t.Errorf("a good update keeps the old reason %q", *out.FailureReason)
	}
}

func TestCreateThatDoesNotComeUpFails(t *testing.T) {
	s := newSuite(t)
	s.model("broken", "exit", "")
	name := aws.String("titanic")
	if _, err := s.CreateEndpoint(s.ctx, &sagemaker.CreateEndpointInput{EndpointName: name, EndpointConfigName: aws.String("broken")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the endpoint fails", func() bool { return s.describe(*name).EndpointStatus == types.EndpointStatusFailed })
	if reason := aws.ToString(s.describe(*name).FailureReason); reason == "" {
		t.Error("no reason")
	}
	s.model("blue", "good", "")
	_, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: name, EndpointConfigName: aws.String("blue")})
	wantError(t, err, "ValidationException", "Cannot update failed endpoint")
	if _, err := s.DeleteEndpoint(s.ctx, &sagemaker.DeleteEndpointInput{EndpointName: name}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the endpoint goes", func() bool {
		_, err := s.DescribeEndpoint(s.ctx, &sagemaker.DescribeEndpointInput{EndpointName: name})
		return err != nil
	})
}

func TestEndpointUnderUpdateRefusesOthers(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	s.endpoint("titanic", "blue")
	name := aws.String("titanic")
	if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{
		EndpointName: name, EndpointConfigName: aws.String("green"),
		DeploymentConfig: &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
			TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
				Type: types.TrafficRoutingConfigTypeCanary, WaitIntervalInSeconds: aws.Int32(1),
				CanarySize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(50)},
			},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	out := s.describe("titanic")
	if out.EndpointStatus != types.EndpointStatusUpdating || aws.ToString(out.EndpointConfigName) != "blue" ||
		out.PendingDeploymentSummary == nil || aws.ToString(out.PendingDeploymentSummary.EndpointConfigName) != "green" {
		t.Errorf("got %s on %s, pending %+v", out.EndpointStatus, aws.ToString(out.EndpointConfigName), out.PendingDeploymentSummary)
	}
	_, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: name, EndpointConfigName: aws.String("green")})
	wantError(t, err, "ValidationException", "Cannot update in-progress endpoint")
	_, err = s.DeleteEndpoint(s.ctx, &sagemaker.DeleteEndpointInput{EndpointName: name})
	wantError(t, err, "ValidationException", "Cannot update in-progress endpoint")
	_, err = s.UpdateEndpointWeightsAndCapacities(s.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: name, DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredWeight: aws.Float32(1)}},
	})
	wantError(t, err, "ValidationException", "Cannot update in-progress endpoint")
	s.inService("titanic")
	out = s.describe("titanic")
	if aws.ToString(out.EndpointConfigName) != "green" || out.LastDeploymentConfig == nil {
		t.Errorf("got %s, last deployment %v", aws.ToString(out.EndpointConfigName), out.LastDeploymentConfig)
	}
}

func TestWeightsAndRetainedProperties(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	s.endpoint("titanic", "blue")
	name := aws.String("titanic")
	change := func(variant string) error {
		_, err := s.UpdateEndpointWeightsAndCapacities(s.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
			EndpointName: name, DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: &variant, DesiredWeight: aws.Float32(0.5), DesiredInstanceCount: aws.Int32(2)}},
		})
		return err
	}
	wantError(t, change("other"), "ValidationException", "Could not find variant \"other\"")
	if err := change("main"); err != nil {
		t.Fatal(err)
	}
	s.inService("titanic")
	if variant := s.describe("titanic").ProductionVariants[0]; aws.ToFloat32(variant.DesiredWeight) != 0.5 || aws.ToInt32(variant.CurrentInstanceCount) != 2 {
		t.Errorf("got %+v", variant)
	}
	if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{
		EndpointName: name, EndpointConfigName: aws.String("green"), RetainAllVariantProperties: aws.Bool(true),
		ExcludeRetainedVariantProperties: []types.VariantProperty{{VariantPropertyType: types.VariantPropertyTypeDesiredWeight}},
	}); err != nil {
		t.Fatal(err)
	}
	s.inService("titanic")
	if variant := s.describe("titanic").ProductionVariants[0]; aws.ToFloat32(variant.DesiredWeight) != 1 || aws.ToInt32(variant.DesiredInstanceCount) != 2 {
		t.Errorf("retained %+v", variant)
	}
}

func TestHostingNamesAndReferences(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.endpoint("titanic", "blue")
	role := aws.String(roleARN)
	invalid := func(want string, call func() error) {
		t.Helper()
		wantError(t, call(), "ValidationException", want)
	}
	invalid("Cannot create already existing model \"arn:", func() error {
		_, err := s.CreateModel(s.ctx, &sagemaker.CreateModelInput{ModelName: aws.String("blue"), ExecutionRoleArn: role, PrimaryContainer: &types.ContainerDefinition{Image: aws.String("good")}})
		return err
	})
	invalid("Could not access model data at s3://", func() error {
		_, err := s.CreateModel(s.ctx, &sagemaker.CreateModelInput{ModelName: aws.String("m"), ExecutionRoleArn: role, PrimaryContainer: &types.ContainerDefinition{Image: aws.String("good"), ModelDataUrl: aws.String(uri("absent.tar.gz"))}})
		return err
	})
	invalid("either a PrimaryContainer or Containers", func() error {
		_, err := s.CreateModel(s.ctx, &sagemaker.CreateModelInput{ModelName: aws.String("m"), ExecutionRoleArn: role})
		return err
	})
	invalid("Cannot create already existing endpoint configuration \"arn:", func() error {
		_, err := s.CreateEndpointConfig(s.ctx, configOf("blue", "blue"))
		return err
	})
	invalid("Could not find model \"arn:", func() error {
		_, err := s.CreateEndpointConfig(s.ctx, configOf("other", "absent"))
		return err
	})
	invalid("you must specify either InstanceType", func() error {
		in := configOf("other", "blue")
		in.ProductionVariants[0].InstanceType = ""
		_, err := s.CreateEndpointConfig(s.ctx, in)
		return err
	})
	invalid("Cannot create already existing endpoint \"arn:", func() error {
		_, err := s.CreateEndpoint(s.ctx, &sagemaker.CreateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("blue")})
		return err
	})
	// The service lets configurations and models in use go, and then has nothing to
	// update away from.
	if _, err := s.DeleteEndpointConfig(s.ctx, &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: aws.String("blue")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteModel(s.ctx, &sagemaker.DeleteModelInput{ModelName: aws.String("blue")}); err != nil {
		t.Fatal(err)
	}
	s.wantAnswer("titanic", "x", "blue :x")
	s.model("green", "good", "green ")
	invalid("Could not find endpoint configuration \"arn:aws:sagemaker:eu-west-1:000000000000:endpoint-config/blue\"", func() error {
		_, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("green")})
		return err
	})
	invalid("CanarySize must be specified", func() error {
		_, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("green"), DeploymentConfig: &types.DeploymentConfig{
			BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{TrafficRoutingConfiguration: &types.TrafficRoutingConfig{Type: types.TrafficRoutingConfigTypeCanary, WaitIntervalInSeconds: aws.Int32(0)}},
		}})
		return err
	})
}

func TestServerlessAndCaptureAreEchoed(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	in := configOf("serverless", "blue")
	in.ProductionVariants[0].InstanceType, in.ProductionVariants[0].InitialInstanceCount = "", nil
	in.ProductionVariants[0].ServerlessConfig = &types.ProductionVariantServerlessConfig{MemorySizeInMB: aws.Int32(2048), MaxConcurrency: aws.Int32(5)}
	in.DataCaptureConfig = &types.DataCaptureConfig{
		EnableCapture: aws.Bool(true), InitialSamplingPercentage: aws.Int32(10), DestinationS3Uri: aws.String(uri("capture")),
		CaptureOptions: []types.CaptureOption{{CaptureMode: types.CaptureModeInput}},
	}
	in.ProductionVariants[0].ServerlessConfig.MemorySizeInMB = aws.Int32(1111)
	_, err := s.CreateEndpointConfig(s.ctx, in)
	wantError(t, err, "ValidationException", "Value '1111' at 'productionVariants.1.member.serverlessConfig.memorySizeInMB' failed to satisfy constraint")
	in.ProductionVariants[0].ServerlessConfig.MemorySizeInMB = aws.Int32(2048)
	in.ProductionVariants[0].ServerlessConfig.ProvisionedConcurrency = aws.Int32(6)
	_, err = s.CreateEndpointConfig(s.ctx, in)
	wantError(t, err, "ValidationException", "ProvisionedConcurrency must not be greater than MaxConcurrency")
	in.ProductionVariants[0].ServerlessConfig.ProvisionedConcurrency = nil
	if _, err := s.CreateEndpointConfig(s.ctx, in); err != nil {
		t.Fatal(err)
	}
	s.endpoint("titanic", "serverless")
	s.wantAnswer("titanic", "x", "blue :x")
	out := s.describe("titanic")
	if aws.ToInt32(out.ProductionVariants[0].CurrentServerlessConfig.MemorySizeInMB) != 2048 || aws.ToString(out.DataCaptureConfig.DestinationS3Uri) != uri("capture") {
		t.Errorf("got %+v", out)
	}
	config, err := s.DescribeEndpointConfig(s.ctx, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: aws.String("serverless")})
	if err != nil || aws.ToFloat32(config.ProductionVariants[0].InitialVariantWeight) != 1 || aws.ToInt32(config.DataCaptureConfig.InitialSamplingPercentage) != 10 {
		t.Errorf("got %+v, %v", config, err)
	}
	scale := func(change types.DesiredWeightAndCapacity) error {
		change.VariantName = aws.String("main")
		_, err := s.UpdateEndpointWeightsAndCapacities(s.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
			EndpointName: aws.String("titanic"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{change}})
		return err
	}
	wantError(t, scale(types.DesiredWeightAndCapacity{DesiredInstanceCount: aws.Int32(2)}), "ValidationException", "ServerlessUpdateConfig when it is serverless")
	if err := scale(types.DesiredWeightAndCapacity{ServerlessUpdateConfig: &types.ProductionVariantServerlessUpdateConfig{MaxConcurrency: aws.Int32(7)}}); err != nil {
		t.Fatal(err)
	}
	s.inService("titanic")
	if now := s.describe("titanic").ProductionVariants[0].CurrentServerlessConfig; aws.ToInt32(now.MaxConcurrency) != 7 || aws.ToInt32(now.MemorySizeInMB) != 2048 {
		t.Errorf("serverless configuration %+v, want 7 at once in 2048 MB", now)
	}
	for _, list := range []func() (int, error){
		func() (int, error) {
			out, err := s.ListModels(s.ctx, &sagemaker.ListModelsInput{NameContains: aws.String("blu")})
			return len(out.Models), err
		},
		func() (int, error) {
			out, err := s.ListEndpointConfigs(s.ctx, &sagemaker.ListEndpointConfigsInput{NameContains: aws.String("less")})
			return len(out.EndpointConfigs), err
		},
		func() (int, error) {
			out, err := s.ListEndpoints(s.ctx, &sagemaker.ListEndpointsInput{StatusEquals: types.EndpointStatusInService})
			return len(out.Endpoints), err
		},
	} {
		if n, err := list(); n != 1 || err != nil {
			t.Errorf("listed %d, %v", n, err)
		}
	}
}
