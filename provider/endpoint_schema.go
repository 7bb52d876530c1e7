package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/rollout"
)

// SageMaker's bounds of a deployment, API reference of BlueGreenUpdatePolicy and TrafficRoutingConfig.
const (
	maxWait      = time.Hour
	minExecution = 10 * time.Minute
	maxExecution = 8 * time.Hour
)

type endpointModel struct {
	ID               types.String   `tfsdk:"id"`
	Name             types.String   `tfsdk:"name"`
	Serving          types.Object   `tfsdk:"serving"`
	RoleARN          types.String   `tfsdk:"role_arn"`
	Instance         types.Object   `tfsdk:"instance"`
	Serverless       types.Object   `tfsdk:"serverless"`
	Environment      types.Map      `tfsdk:"environment"`
	VPCConfig        types.Object   `tfsdk:"vpc_config"`
	NetworkIsolation types.Bool     `tfsdk:"enable_network_isolation"`
	KMSKeyARN        types.String   `tfsdk:"kms_key_arn"`
	Rollout          types.Object   `tfsdk:"rollout"`
	SmokeTest        types.Object   `tfsdk:"smoke_test"`
	Tags             types.Map      `tfsdk:"tags"`
	TagsAll          types.Map      `tfsdk:"tags_all"`
	Timeouts         timeouts.Value `tfsdk:"timeouts"`
	ARN              types.String   `tfsdk:"arn"`
	Status           types.String   `tfsdk:"status"`
	ConfigName       types.String   `tfsdk:"endpoint_config_name"`
	ModelName        types.String   `tfsdk:"model_name"`
	PackageARN       types.String   `tfsdk:"model_package_arn"`
	Version          types.Int64    `tfsdk:"version"`
	ProgressFile     types.String   `tfsdk:"progress_file"`
}

type endpointInstanceModel struct {
	Type  types.String `tfsdk:"type"`
	Count types.Int64  `tfsdk:"count"`
}

var endpointInstanceTypes = map[string]attr.Type{"type": types.StringType, "count": types.Int64Type}

type endpointServerlessModel struct {
	MemoryMB    types.Int64 `tfsdk:"memory_mb"`
	Concurrency types.Int64 `tfsdk:"max_concurrency"`
	Provisioned types.Int64 `tfsdk:"provisioned_concurrency"`
}

var endpointServerlessTypes = map[string]attr.Type{"memory_mb": types.Int64Type, "max_concurrency": types.Int64Type, "provisioned_concurrency": types.Int64Type}

type endpointRolloutModel struct {
	Strategy        types.String `tfsdk:"strategy"`
	Size            types.Int64  `tfsdk:"size"`
	Bake            types.String `tfsdk:"bake"`
	TerminationWait types.String `tfsdk:"termination_wait"`
	MaxExecution    types.String `tfsdk:"max_execution"`
	Alarms          types.List   `tfsdk:"alarms"`
}

type endpointSmokeTestModel struct {
	Payload     types.String  `tfsdk:"payload"`
	ContentType types.String  `tfsdk:"content_type"`
	Accept      types.String  `tfsdk:"accept"`
	Status      types.Int64   `tfsdk:"expected_status"`
	JSONPath    types.String  `tfsdk:"json_path"`
	CSVColumn   types.Int64   `tfsdk:"csv_column"`
	Equals      types.String  `tfsdk:"equals"`
	Min         types.Float64 `tfsdk:"min"`
	Max         types.Float64 `tfsdk:"max"`
	MaxLatency  types.Int64   `tfsdk:"max_latency_ms"`
}

func servingAttribute() schema.Attribute {
	text := func(name string) schema.Attribute {
		return schema.StringAttribute{Required: true, MarkdownDescription: servingTexts[name]}
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The version to serve: `titanicml_promotion.NAME.serving`, or `serving` of the `titanicml_champion` data source. " +
			"Null, as before the first promotion, makes no endpoint yet. A version that no approved decision names is refused at plan.",
		Attributes: map[string]schema.Attribute{
			"model_package_group": text("model_package_group"),
			"model_package_arn":   text("model_package_arn"),
			"version":             schema.Int64Attribute{Required: true, MarkdownDescription: servingTexts["version"]},
			"image":               text("image"),
			"artifact_uri":        text("artifact_uri"),
			"artifact_sha256":     text("artifact_sha256"),
			"decision_uri":        text("decision_uri"),
			"decision_sha256":     text("decision_sha256"),
		},
	}
}

func endpointInstanceAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Instances to serve on. Exactly one of `instance` and `serverless` is given.",
		Attributes: map[string]schema.Attribute{
			"type":  schema.StringAttribute{Required: true, MarkdownDescription: "Instance type, such as `ml.t2.medium`."},
			"count": schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.Between(1, most)}, MarkdownDescription: "Number of instances to begin with. A deployment keeps the number that autoscaling has reached, unless this value changes."},
		},
	}
}

func endpointServerlessAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Serverless capacity.",
		Attributes: map[string]schema.Attribute{
			"memory_mb":               schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.OneOf(1024, 2048, 3072, 4096, 5120, 6144)}, MarkdownDescription: "Memory: 1024 to 6144 in steps of 1024."},
			"max_concurrency":         schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.Between(1, 200)}, MarkdownDescription: "Concurrent invocations at most, 1 to 200."},
			"provisioned_concurrency": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(1, 200)}, MarkdownDescription: "Concurrency kept warm."},
		},
	}
}

func endpointRolloutAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How an update moves traffic from the old instances to the new ones (blue/green). During it SageMaker rolls back when an alarm " +
			"goes off; on the local engine any name in `alarms` stands for its own, of 5xx answers and latency. Serverless endpoints take none.",
		Attributes: map[string]schema.Attribute{
			"strategy": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.OneOf(string(rollout.AllAtOnce), string(rollout.Canary), string(rollout.Linear))},
				MarkdownDescription: "`all_at_once`; `canary` moves `size` percent, bakes, then the rest; `linear` moves `size` percent per step and bakes after each."},
			"size":             schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(1, 50)}, MarkdownDescription: "Percentage of capacity that moves first, or per step: 1 to 50 for `canary`, 10 to 50 for `linear`. Default 10."},
			"bake":             schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{}}, MarkdownDescription: "How long alarms are watched after a shift, up to `1h`. Default `5m`, with `all_at_once` `0s`."},
			"termination_wait": schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{}}, MarkdownDescription: "How long the old instances stay after the last shift, up to `1h`. Default `0s`."},
			"max_execution":    schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{min: minExecution}}, MarkdownDescription: "How long the whole update may take, `10m` to `8h`; SageMaker rolls back after it. Default `1h`."},
			"alarms":           schema.ListAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.List{listvalidator.SizeAtMost(10)}, MarkdownDescription: "Names of CloudWatch alarms that roll the update back, at most 10."},
		},
	}
}

func endpointSmokeTestAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "One request to send after a deployment. When its answer is not as expected, what served before is put back in service " +
			"(a new endpoint is deleted again) and the apply fails.",
		Attributes: map[string]schema.Attribute{
			"payload":         schema.StringAttribute{Required: true, MarkdownDescription: "Body of the request."},
			"content_type":    schema.StringAttribute{Required: true, MarkdownDescription: "Content type of the body, such as `text/csv`."},
			"accept":          schema.StringAttribute{Optional: true, MarkdownDescription: "Content type to ask for."},
			"expected_status": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(200, 599)}, MarkdownDescription: "HTTP status of the container. Default 200."},
			"json_path":       schema.StringAttribute{Optional: true, MarkdownDescription: "Place of the value to judge in a JSON answer, such as `predictions[0].score`."},
			"csv_column":      schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(0)}, MarkdownDescription: "Column of the value to judge in the first row of a CSV answer, from 0."},
			"equals":          schema.StringAttribute{Optional: true, MarkdownDescription: "The value, or, without a place, the whole answer, must be this text."},
			"min":             schema.Float64Attribute{Optional: true, MarkdownDescription: "The value must be a number of at least this."},
			"max":             schema.Float64Attribute{Optional: true, MarkdownDescription: "The value must be a number of at most this."},
			"max_latency_ms":  schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "The answer must come within this many milliseconds, as seen from the machine Terraform runs on."},
		},
	}
}

// validate checks what the schema cannot say.
func (m *endpointModel) validate(ctx context.Context, diags *diag.Diagnostics) {
	if !m.Serverless.IsNull() && !m.Serverless.IsUnknown() {
		for name, given := range map[string]bool{"vpc_config": !m.VPCConfig.IsNull() && !m.VPCConfig.IsUnknown(), "enable_network_isolation": m.NetworkIsolation.ValueBool()} {
			if given {
				diags.AddAttributeError(path.Root(name), "Network of a serverless endpoint", name+" is given with serverless, which SageMaker runs without VPC and network isolation. Remove it, or use instance.")
			}
		}
	}
	if !m.Rollout.IsNull() && !m.Rollout.IsUnknown() {
		at := path.Root("rollout")
		if !m.Serverless.IsNull() && !m.Serverless.IsUnknown() {
			diags.AddAttributeError(at, "Rollout of a serverless endpoint", "SageMaker moves serverless endpoints all at once. Remove rollout, or use instance.")
		}
		var v endpointRolloutModel
		diags.Append(m.Rollout.As(ctx, &v, basetypes.ObjectAsOptions{})...)
		for _, d := range []struct {
			name  string
			value types.String
			limit time.Duration
		}{{"bake", v.Bake, maxWait}, {"termination_wait", v.TerminationWait, maxWait}, {"max_execution", v.MaxExecution, maxExecution}} {
			if got := durationOr(d.value, 0); got > d.limit {
				diags.AddAttributeError(at.AtName(d.name), "Duration out of range", fmt.Sprintf("%s is %s; SageMaker takes at most %s.", d.name, got, d.limit))
			}
		}
		if v.Strategy.ValueString() == string(rollout.Linear) && !v.Size.IsNull() && !v.Size.IsUnknown() && v.Size.ValueInt64() < 10 {
			diags.AddAttributeError(at.AtName("size"), "Step out of range", fmt.Sprintf("size is %d; a linear rollout moves 10 to 50 percent per step.", v.Size.ValueInt64()))
		}
	}
	if m.SmokeTest.IsNull() || m.SmokeTest.IsUnknown() {
		return
	}
	var t endpointSmokeTestModel
	at := path.Root("smoke_test")
	diags.Append(m.SmokeTest.As(ctx, &t, basetypes.ObjectAsOptions{})...)
	if !t.JSONPath.IsNull() && !t.CSVColumn.IsNull() {
		diags.AddAttributeError(at.AtName("csv_column"), "Two places in one answer", "json_path and csv_column exclude each other: an answer is JSON or CSV. Remove one.")
	}
	if err := rollout.ParsePath(t.JSONPath.ValueString()); err != nil {
		diags.AddAttributeError(at.AtName("json_path"), "Invalid path", fmt.Sprintf("%s. Expected names and indexes such as predictions[0].score.", err))
	}
	judged := !t.Min.IsNull() || !t.Max.IsNull()
	if judged && t.JSONPath.IsNull() && t.CSVColumn.IsNull() {
		diags.AddAttributeError(at, "Bound without a place", "min and max judge one value of the answer; say which with json_path or csv_column.")
	}
}

// unknownInputs reports whether something that decides the configuration's name is unknown.
func (m *endpointModel) unknownInputs() bool {
	for _, v := range []attr.Value{m.Name, m.Serving, m.RoleARN, m.Instance, m.Serverless, m.Environment, m.VPCConfig, m.NetworkIsolation, m.KMSKeyARN} {
		if hasUnknown(v) {
			return true
		}
	}
	return false
}

func (m *endpointModel) await() {
	m.ARN, m.ConfigName, m.ModelName, m.PackageARN, m.Version = types.StringNull(), types.StringNull(), types.StringNull(), types.StringNull(), types.Int64Null()
	m.Status = types.StringValue(awaitingPromotion)
}

func (m *endpointModel) keep(state *endpointModel) {
	m.ARN, m.Status, m.ConfigName, m.ModelName = state.ARN, state.Status, state.ConfigName, state.ModelName
	m.PackageARN, m.Version = state.PackageARN, state.Version
}

// forget leaves open what follows from inputs that are not known yet.
func (m *endpointModel) forget(state *endpointModel) {
	m.ARN, m.Status, m.ConfigName, m.ModelName = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.PackageARN, m.Version = types.StringUnknown(), types.Int64Unknown()
	if state != nil && !state.ARN.IsNull() && state.Name.Equal(m.Name) {
		m.ARN = state.ARN
	}
}

// serve plans the spec in service.
func (m *endpointModel) serve(s rollout.Spec, arn types.String) {
	m.ARN, m.Status = arn, types.StringValue(inService)
	m.ConfigName, m.ModelName = types.StringValue(s.ConfigName()), types.StringValue(s.ModelName())
	m.PackageARN, m.Version = types.StringValue(s.Serving.PackageARN), types.Int64Value(s.Serving.Version)
}

func (m *endpointModel) policy(ctx context.Context, diags *diag.Diagnostics) rollout.Policy {
	p := rollout.Policy{Strategy: rollout.AllAtOnce, Size: 10, MaxExecution: time.Hour}
	if m.Rollout.IsNull() || m.Rollout.IsUnknown() {
		return p
	}
	var v endpointRolloutModel
	diags.Append(m.Rollout.As(ctx, &v, basetypes.ObjectAsOptions{})...)
	p.Strategy = rollout.Strategy(v.Strategy.ValueString())
	if p.Strategy != rollout.AllAtOnce {
		p.Bake = 5 * time.Minute
	}
	if !v.Size.IsNull() {
		p.Size = int32(v.Size.ValueInt64())
	}
	p.Bake = durationOr(v.Bake, p.Bake)
	p.TerminationWait = durationOr(v.TerminationWait, 0)
	p.MaxExecution = durationOr(v.MaxExecution, p.MaxExecution)
	if !v.Alarms.IsNull() && !v.Alarms.IsUnknown() {
		diags.Append(v.Alarms.ElementsAs(ctx, &p.Alarms, false)...)
	}
	return p
}

// capacity puts instances or serverless settings, and the network, into a spec.
func (m *endpointModel) capacity(ctx context.Context, s *rollout.Spec, diags *diag.Diagnostics) {
	if !m.Instance.IsNull() {
		var v endpointInstanceModel
		diags.Append(m.Instance.As(ctx, &v, basetypes.ObjectAsOptions{})...)
		s.InstanceType, s.InstanceCount = v.Type.ValueString(), int32(v.Count.ValueInt64())
	}
	if !m.Serverless.IsNull() {
		var v endpointServerlessModel
		diags.Append(m.Serverless.As(ctx, &v, basetypes.ObjectAsOptions{})...)
		s.MemoryMB, s.Concurrency, s.Provisioned = int32(v.MemoryMB.ValueInt64()), int32(v.Concurrency.ValueInt64()), int32(v.Provisioned.ValueInt64())
	}
	if v := vpcConfig(ctx, m.VPCConfig, diags); v != nil {
		s.Subnets, s.Groups = v.Subnets, v.SecurityGroupIds
	}
}

// setCapacity reads instances or serverless settings back from a variant.
func (m *endpointModel) setCapacity(ctx context.Context, v *sdktypes.ProductionVariant, diags *diag.Diagnostics) {
	m.Instance, m.Serverless = types.ObjectNull(endpointInstanceTypes), types.ObjectNull(endpointServerlessTypes)
	if v == nil {
		return
	}
	var d diag.Diagnostics
	if c := v.ServerlessConfig; c != nil {
		provisioned := types.Int64Null()
		if c.ProvisionedConcurrency != nil {
			provisioned = types.Int64Value(int64(*c.ProvisionedConcurrency))
		}
		m.Serverless, d = types.ObjectValueFrom(ctx, endpointServerlessTypes, endpointServerlessModel{
			MemoryMB: types.Int64Value(int64(aws.ToInt32(c.MemorySizeInMB))), Concurrency: types.Int64Value(int64(aws.ToInt32(c.MaxConcurrency))), Provisioned: provisioned})
	} else {
		m.Instance, d = types.ObjectValueFrom(ctx, endpointInstanceTypes, endpointInstanceModel{
			Type: types.StringValue(string(v.InstanceType)), Count: types.Int64Value(int64(aws.ToInt32(v.InitialInstanceCount)))})
	}
	diags.Append(d...)
}

// changesCount reports whether this apply, and not autoscaling, asks for another number of instances.
func (m *endpointModel) changesCount(ctx context.Context, state *endpointModel, diags *diag.Diagnostics) bool {
	if m.Instance.IsNull() || state.Instance.IsNull() {
		return true
	}
	var want, had endpointInstanceModel
	diags.Append(m.Instance.As(ctx, &want, basetypes.ObjectAsOptions{})...)
	diags.Append(state.Instance.As(ctx, &had, basetypes.ObjectAsOptions{})...)
	return !want.Count.Equal(had.Count)
}

// smokeTest is nil where none is asked for.
func (m *endpointModel) smokeTest(ctx context.Context, diags *diag.Diagnostics) *rollout.SmokeTest {
	if m.SmokeTest.IsNull() {
		return nil
	}
	var v endpointSmokeTestModel
	diags.Append(m.SmokeTest.As(ctx, &v, basetypes.ObjectAsOptions{})...)
	return &rollout.SmokeTest{
		Payload: v.Payload.ValueString(), ContentType: v.ContentType.ValueString(), Accept: v.Accept.ValueString(), Status: int32(v.Status.ValueInt64()),
		JSONPath: v.JSONPath.ValueString(), CSVColumn: v.CSVColumn.ValueInt64Pointer(), Equals: v.Equals.ValueStringPointer(),
		Min: v.Min.ValueFloat64Pointer(), Max: v.Max.ValueFloat64Pointer(), MaxLatency: time.Duration(v.MaxLatency.ValueInt64()) * time.Millisecond,
	}
}
