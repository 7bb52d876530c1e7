package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

const secured = `
  vpc_config                                = { subnets = [%s], security_group_ids = ["sg-1"] }
  enable_network_isolation                  = true
  enable_inter_container_traffic_encryption = true
  kms_key_id                                = "arn:aws:kms:eu-west-1:000000000000:key/output"
  volume_kms_key_id                         = "arn:aws:kms:eu-west-1:000000000000:key/volume"
`

// TestJobSecurity puts a run, its evaluation and the endpoint into a VPC and under keys, and asks SageMaker what arrived.
func TestJobSecurity(t *testing.T) {
	h := newHarness(t)
	config := func(subnets string) string {
		body := servedConfig(`quality = "800"`, fmt.Sprintf("vpc_config = { subnets = [%s], security_group_ids = [\"sg-1\"] }\n  enable_network_isolation = true\n  kms_key_arn = \"arn:aws:kms:eu-west-1:000000000000:key/volume\"", subnets))
		more := fmt.Sprintf(secured, subnets)
		return h.config(insert(insert(body, `resource "titanicml_training_run" "t" {`, more), `resource "titanicml_evaluation" "v" {`, more))
	}
	var first string
	h.run(
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, "")), Check: func(s *terraform.State) error {
			first = s.RootModule().Resources[trainingAddress].Primary.Attributes["input_hash"]
			return nil
		}},
		resource.TestStep{ // all of it is another run
			Config: config(`"subnet-b", "subnet-a"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(trainingAddress, plancheck.ResourceActionReplace), plancheck.ExpectResourceAction("titanicml_evaluation.v", plancheck.ResourceActionReplace)}},
			Check: func(s *terraform.State) error {
				at := func(address, name string) string {
					return s.RootModule().Resources[address].Primary.Attributes[name]
				}
				if at(trainingAddress, "input_hash") == first {
					return fmt.Errorf("the input hash is %s as without a VPC", first)
				}
				return h.arrived(at(trainingAddress, "id"), at("titanicml_evaluation.v", "id"), at(endpointAddress, "model_name"), at(endpointAddress, "endpoint_config_name"))
			},
		},
		resource.TestStep{Config: config(`"subnet-a", "subnet-c"`), PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{ResourceName: trainingAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"max_wait", "timeouts", "on_destroy"}},
		resource.TestStep{ResourceName: "titanicml_evaluation.v", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts", "on_destroy"}},
		resource.TestStep{ResourceName: endpointAddress, ImportState: true, ImportStateVerify: true, ImportStateId: "tiny", ImportStateVerifyIgnore: []string{"serving", "smoke_test", "timeouts"}},
		resource.TestStep{ConfigPlanChecks: emptyPlan(), Config: config(`"subnet-a", "subnet-b"`)}, // a set has no order
	)
}

// insert puts lines after the first of a block.
func insert(config, after, lines string) string {
	before, rest, found := strings.Cut(config, after)
	if !found {
		panic("no " + after)
	}
	return before + after + lines + rest
}

// arrived compares what SageMaker keeps of jobs, model and configuration with the arguments.
func (h *harness) arrived(run, evaluation, model, config string) error {
	c, ctx := h.client(), h.t.Context()
	const want = "[subnet-a subnet-b] [sg-1] true true arn:aws:kms:eu-west-1:000000000000:key/output arn:aws:kms:eu-west-1:000000000000:key/volume"
	t, err := c.SageMaker.DescribeTrainingJob(ctx, &sdk.DescribeTrainingJobInput{TrainingJobName: &run})
	if err != nil {
		return err
	}
	if got := fmt.Sprint(t.VpcConfig.Subnets, t.VpcConfig.SecurityGroupIds, *t.EnableNetworkIsolation, *t.EnableInterContainerTrafficEncryption, " ",
		aws.ToString(t.OutputDataConfig.KmsKeyId), " ", aws.ToString(t.ResourceConfig.VolumeKmsKeyId)); got != want {
		return fmt.Errorf("the training job has %s\nwant %s", got, want)
	}
	p, err := c.SageMaker.DescribeProcessingJob(ctx, &sdk.DescribeProcessingJobInput{ProcessingJobName: &evaluation})
	if err != nil {
		return err
	}
	n := p.NetworkConfig
	if got := fmt.Sprint(n.VpcConfig.Subnets, n.VpcConfig.SecurityGroupIds, *n.EnableNetworkIsolation, *n.EnableInterContainerTrafficEncryption, " ",
		aws.ToString(p.ProcessingOutputConfig.KmsKeyId), " ", aws.ToString(p.ProcessingResources.ClusterConfig.VolumeKmsKeyId)); got != want {
		return fmt.Errorf("the evaluation has %s\nwant %s", got, want)
	}
	m, err := c.SageMaker.DescribeModel(ctx, &sdk.DescribeModelInput{ModelName: &model})
	if err != nil {
		return err
	}
	e, err := c.SageMaker.DescribeEndpointConfig(ctx, &sdk.DescribeEndpointConfigInput{EndpointConfigName: &config})
	if err != nil {
		return err
	}
	const wantServing = "[subnet-a subnet-b] [sg-1] true arn:aws:kms:eu-west-1:000000000000:key/volume"
	if got := fmt.Sprint(m.VpcConfig.Subnets, m.VpcConfig.SecurityGroupIds, *m.EnableNetworkIsolation, " ", aws.ToString(e.KmsKeyId)); got != wantServing {
		return fmt.Errorf("the endpoint has %s\nwant %s", got, wantServing)
	}
	return nil
}

// TestInputHashStays pins the hash that 0.1.0 gave to a run without a VPC and keys: its job must be found again.
func TestInputHashStays(t *testing.T) {
	var diags diag.Diagnostics
	definition := func(name, regex string) attr.Value {
		return types.ObjectValueMust(metricDefinitionType.AttrTypes, map[string]attr.Value{"name": types.StringValue(name), "regex": types.StringValue(regex)})
	}
	m := trainingRunModel{
		Image: types.StringValue("tiny"), Hyperparameters: stringMapValue(map[string]string{"quality": "850"}), Environment: stringMapValue(map[string]string{"THREADS": "1"}),
		Inputs:            stringMapValue(map[string]string{"train": "s3://titanicml-local/titanicml/data/sha256/eb97a20b2c41e4457545b8235d570b25db62595c8dd00daa9c73ec82cbcac3e2/train.csv"}),
		MetricDefinitions: types.ListValueMust(metricDefinitionType, []attr.Value{definition("accuracy", "accuracy=([0-9.]+);"), definition("auc", "auc=([0-9.]+);")}),
		Triggers:          stringMapValue(map[string]string{"month": "2026-11"}), Resources: jobResourcesValue(defaultInstanceType, 1, 10), UseSpot: types.BoolValue(true),
	}
	const want = "811288c3bda1b3fd6c6f36e2d7e5feaaf037b0a9b525d9f6b53b8e2df1aec93f"
	for name, change := range map[string]func(*trainingRunModel){
		"unset": func(*trainingRunModel) {},
		"false": func(m *trainingRunModel) {
			m.NetworkIsolation, m.TrafficEncryption = types.BoolValue(false), types.BoolValue(false)
		},
	} {
		changed := m
		change(&changed)
		if got, err := changed.hash(t.Context(), &diags); err != nil || diags.HasError() || got != want {
			t.Errorf("%s: %s (%v, %v), want %s", name, got, err, diags, want)
		}
	}
	for name, change := range map[string]func(*jobSecurity){
		"isolation":  func(s *jobSecurity) { s.NetworkIsolation = types.BoolValue(true) },
		"encryption": func(s *jobSecurity) { s.TrafficEncryption = types.BoolValue(true) },
		"output":     func(s *jobSecurity) { s.KMSKeyID = types.StringValue("key") },
		"volume":     func(s *jobSecurity) { s.VolumeKMSKeyID = types.StringValue("key") },
	} {
		changed := m
		change(&changed.jobSecurity)
		if got, err := changed.hash(t.Context(), &diags); err != nil || got == want {
			t.Errorf("%s does not change the hash (%v)", name, err)
		}
	}
}
