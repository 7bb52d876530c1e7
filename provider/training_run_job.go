package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

type metricDefinitionModel struct {
	Name  types.String `tfsdk:"name"`
	Regex types.String `tfsdk:"regex"`
}

var metricDefinitionType = types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType, "regex": types.StringType}}

func (m *trainingRunModel) metricDefinitions(ctx context.Context, diags *diag.Diagnostics) []metricDefinitionModel {
	var defs []metricDefinitionModel
	if !m.MetricDefinitions.IsNull() {
		diags.Append(m.MetricDefinitions.ElementsAs(ctx, &defs, false)...)
	}
	return defs
}

// hash covers what decides the result: not tags, timeouts, limits or the role.
func (m *trainingRunModel) hash(ctx context.Context, diags *diag.Diagnostics) (string, error) {
	res := jobResources(ctx, m.Resources, diags)
	defs := [][2]string{}
	for _, d := range m.metricDefinitions(ctx, diags) {
		defs = append(defs, [2]string{d.Name.ValueString(), d.Regex.ValueString()})
	}
	inputs := map[string]any{
		"kind": "training", "image": m.Image.ValueString(),
		"inputs": stringMap(ctx, m.Inputs, diags), "hyperparameters": stringMap(ctx, m.Hyperparameters, diags),
		"environment": stringMap(ctx, m.Environment, diags), "metrics": defs, "triggers": stringMap(ctx, m.Triggers, diags),
		"resources": []any{res.InstanceType.ValueString(), res.InstanceCount.ValueInt64(), res.VolumeSizeGB.ValueInt64(), m.UseSpot.ValueBool()},
		"command":   [][]string{stringList(ctx, m.Entrypoint, diags), stringList(ctx, m.Arguments, diags)},
	}
	if set := m.jobSecurity.hash(ctx, diags); len(set) > 0 {
		inputs["security"] = set
	}
	return sagemaker.InputHash(inputs)
}

func (m *trainingRunModel) input(ctx context.Context, diags *diag.Diagnostics) *sdk.CreateTrainingJobInput {
	res := jobResources(ctx, m.Resources, diags)
	in := &sdk.CreateTrainingJobInput{
		RoleArn: aws.String(m.RoleARN.ValueString()),
		AlgorithmSpecification: &sdktypes.AlgorithmSpecification{
			TrainingImage: aws.String(m.Image.ValueString()), TrainingInputMode: sdktypes.TrainingInputModeFile,
			ContainerEntrypoint: stringList(ctx, m.Entrypoint, diags), ContainerArguments: stringList(ctx, m.Arguments, diags),
		},
		ResourceConfig: &sdktypes.ResourceConfig{InstanceType: sdktypes.TrainingInstanceType(res.InstanceType.ValueString()),
			InstanceCount: aws.Int32(int32(res.InstanceCount.ValueInt64())), VolumeSizeInGB: aws.Int32(int32(res.VolumeSizeGB.ValueInt64()))},
		StoppingCondition: &sdktypes.StoppingCondition{MaxRuntimeInSeconds: seconds(m.MaxRuntime, time.Hour)},
	}
	in.VpcConfig, in.EnableNetworkIsolation, in.EnableInterContainerTrafficEncryption = m.vpc(ctx, diags), flagPointer(m.NetworkIsolation), flagPointer(m.TrafficEncryption)
	in.ResourceConfig.VolumeKmsKeyId = m.VolumeKMSKeyID.ValueStringPointer()
	if hp := stringMap(ctx, m.Hyperparameters, diags); len(hp) > 0 {
		in.HyperParameters = hp
	}
	if env := stringMap(ctx, m.Environment, diags); len(env) > 0 {
		in.Environment = env
	}
	if m.UseSpot.ValueBool() {
		in.EnableManagedSpotTraining, in.StoppingCondition.MaxWaitTimeInSeconds = aws.Bool(true), seconds(m.MaxWait, time.Hour)
	}
	for _, d := range m.metricDefinitions(ctx, diags) {
		in.AlgorithmSpecification.MetricDefinitions = append(in.AlgorithmSpecification.MetricDefinitions,
			sdktypes.MetricDefinition{Name: aws.String(d.Name.ValueString()), Regex: aws.String(d.Regex.ValueString())})
	}
	inputs := stringMap(ctx, m.Inputs, diags)
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		ch := sdktypes.Channel{ChannelName: aws.String(name), DataSource: &sdktypes.DataSource{S3DataSource: &sdktypes.S3DataSource{
			S3DataType: sdktypes.S3DataTypeS3Prefix, S3Uri: aws.String(inputs[name]), S3DataDistributionType: sdktypes.S3DataDistributionFullyReplicated}}}
		if strings.HasSuffix(inputs[name], ".csv") {
			ch.ContentType = aws.String("text/csv")
		}
		in.InputDataConfig = append(in.InputDataConfig, ch)
	}
	return in
}

// take copies what a job reports about its run.
func (m *trainingRunModel) take(ctx context.Context, c *sagemaker.Client, job *sagemaker.Job, diags *diag.Diagnostics) {
	out := job.Training
	m.ID, m.JobName, m.ARN = types.StringValue(job.Name), types.StringValue(job.Name), types.StringValue(job.ARN)
	m.Status, m.SecondaryStatus = types.StringValue(job.Status), optionalString(job.SecondaryStatus)
	m.Attempt = types.Int64Null()
	if _, n, ok := sagemaker.SplitJobName(job.Name); ok {
		m.Attempt = types.Int64Value(int64(n))
	}
	metrics := map[string]float64{}
	for _, d := range out.FinalMetricDataList {
		metrics[aws.ToString(d.MetricName)] = shortFloat(aws.ToFloat32(d.Value))
	}
	m.Metrics = metricsValue(metrics, "Job "+job.Name, diags)
	m.ArtifactURI = types.StringNull()
	if out.ModelArtifacts != nil && job.Status == sagemaker.JobCompleted {
		m.ArtifactURI = optionalString(aws.ToString(out.ModelArtifacts.S3ModelArtifacts))
	}
	if m.ArtifactSHA256.IsUnknown() || m.ArtifactURI.IsNull() {
		m.ArtifactSHA256 = types.StringNull()
	}
	m.TrainingSeconds, m.BillableSeconds = types.Int64Null(), types.Int64Null()
	if out.TrainingTimeInSeconds != nil {
		m.TrainingSeconds = types.Int64Value(int64(*out.TrainingTimeInSeconds))
	}
	if out.BillableTimeInSeconds != nil {
		m.BillableSeconds = types.Int64Value(int64(*out.BillableTimeInSeconds))
	}
	m.StartedAt, m.EndedAt = timeValue(job.Started), timeValue(job.Ended)
	m.LogFile = types.StringValue(c.LogPlace(sagemaker.Training, job.Name))
	// The wait may have been interrupted; the log of what runs on is shown all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	tail, err := c.LogTail(ctx, job, logLines)
	if err != nil {
		diags.AddWarning("Log not readable", err.Error())
	}
	m.LogTail = types.StringValue(tail)
}

// takeSecurity reads the network and the keys of the job.
func (m *trainingRunModel) takeSecurity(ctx context.Context, job *sagemaker.Job, diags *diag.Diagnostics) {
	out := job.Training
	var key, volumeKey *string
	if o := out.OutputDataConfig; o != nil {
		key = o.KmsKeyId
	}
	if r := out.ResourceConfig; r != nil {
		volumeKey = r.VolumeKmsKeyId
	}
	m.jobSecurity.read(ctx, out.VpcConfig, out.EnableNetworkIsolation, out.EnableInterContainerTrafficEncryption, key, volumeKey, diags)
}

// takeArtifact digests the artifact by reading it and returns its ETag.
func (m *trainingRunModel) takeArtifact(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics) string {
	sum, info, err := c.Digest(ctx, m.ArtifactURI.ValueString())
	if err != nil {
		addError(diags, "Artifact not readable", err)
		m.ArtifactSHA256 = types.StringNull()
		return ""
	}
	m.ArtifactSHA256 = types.StringValue(sum)
	return info.ETag
}

// takeInputs fills the arguments of an imported job from what SageMaker kept of them.
func (m *trainingRunModel) takeInputs(ctx context.Context, job *sagemaker.Job, tags map[string]string, diags *diag.Diagnostics) {
	out := job.Training
	name, _, _ := sagemaker.SplitJobName(job.Name)
	m.Name, m.RoleARN, m.OnDestroy = types.StringValue(name), optionalString(aws.ToString(out.RoleArn)), types.StringValue(onDestroyRetain)
	inputs := map[string]string{}
	for _, ch := range out.InputDataConfig {
		if ch.DataSource != nil && ch.DataSource.S3DataSource != nil {
			inputs[aws.ToString(ch.ChannelName)] = aws.ToString(ch.DataSource.S3DataSource.S3Uri)
		}
	}
	m.Inputs, m.Hyperparameters, m.Environment = stringMapValue(inputs), optionalMap(out.HyperParameters), optionalMap(out.Environment)
	m.MetricDefinitions = types.ListNull(metricDefinitionType)
	if a := out.AlgorithmSpecification; a != nil {
		m.Image = types.StringValue(aws.ToString(a.TrainingImage))
		m.Entrypoint, m.Arguments = optionalList(a.ContainerEntrypoint), optionalList(a.ContainerArguments)
		if len(a.MetricDefinitions) > 0 {
			defs := []metricDefinitionModel{}
			for _, d := range a.MetricDefinitions {
				defs = append(defs, metricDefinitionModel{types.StringValue(aws.ToString(d.Name)), types.StringValue(aws.ToString(d.Regex))})
			}
			list, dd := types.ListValueFrom(ctx, metricDefinitionType, defs)
			diags.Append(dd...)
			m.MetricDefinitions = list
		}
	}
	if rc := out.ResourceConfig; rc != nil {
		m.Resources = jobResourcesValue(string(rc.InstanceType), int64(aws.ToInt32(rc.InstanceCount)), int64(aws.ToInt32(rc.VolumeSizeInGB)))
	}
	m.UseSpot = types.BoolValue(aws.ToBool(out.EnableManagedSpotTraining))
	if s := out.StoppingCondition; s != nil {
		m.MaxRuntime = durationValue(aws.ToInt32(s.MaxRuntimeInSeconds))
		if s.MaxWaitTimeInSeconds != nil {
			m.MaxWait = durationValue(*s.MaxWaitTimeInSeconds)
		}
	}
	m.InputHash = optionalString(tags[sagemaker.TagHash])
	if m.InputHash.IsNull() {
		hash, err := m.hash(ctx, diags)
		if err != nil {
			addError(diags, "Training run not imported", err)
		}
		m.InputHash = types.StringValue(hash)
	}
}

// warnMissingMetrics names the declared metrics that the container never printed.
func (m *trainingRunModel) warnMissingMetrics(ctx context.Context, c *sagemaker.Client, job *sagemaker.Job, diags *diag.Diagnostics) {
	reported := map[string]bool{}
	for _, d := range job.Training.FinalMetricDataList {
		reported[aws.ToString(d.MetricName)] = true
	}
	var missing []string
	for _, d := range m.metricDefinitions(ctx, diags) {
		if !reported[d.Name.ValueString()] {
			missing = append(missing, fmt.Sprintf("%s (nothing matched %s)", d.Name.ValueString(), d.Regex.ValueString()))
		}
	}
	if len(missing) > 0 {
		diags.AddAttributeWarning(path.Root("metric_definitions"), "Metric never printed",
			fmt.Sprintf("Job %s completed without %s. These are missing from metrics. Compare the regular expressions with the log: %s",
				job.Name, strings.Join(missing, ", "), c.LogPlace(sagemaker.Training, job.Name)))
	}
}
