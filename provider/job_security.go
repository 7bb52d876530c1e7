package provider

import (
	"context"
	"slices"

	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// jobSecurity is the network a run's job runs in and the keys it encrypts with, by the names that hashicorp/aws has for them.
type jobSecurity struct {
	VPCConfig         types.Object `tfsdk:"vpc_config"`
	NetworkIsolation  types.Bool   `tfsdk:"enable_network_isolation"`
	TrafficEncryption types.Bool   `tfsdk:"enable_inter_container_traffic_encryption"`
	KMSKeyID          types.String `tfsdk:"kms_key_id"`
	VolumeKMSKeyID    types.String `tfsdk:"volume_kms_key_id"`
}

type vpcModel struct {
	Subnets types.Set `tfsdk:"subnets"`
	Groups  types.Set `tfsdk:"security_group_ids"`
}

var vpcTypes = map[string]attr.Type{"subnets": types.SetType{ElemType: types.StringType}, "security_group_ids": types.SetType{ElemType: types.StringType}}

const notEnforced = " The local engine keeps it and does not enforce it."

// vpcConfigAttribute has the limits of SageMaker's VpcConfig.
func vpcConfigAttribute(text string, modifiers ...planmodifier.Object) schema.Attribute {
	nonEmpty := setvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 32))
	return schema.SingleNestedAttribute{
		Optional: true, PlanModifiers: modifiers, MarkdownDescription: text + notEnforced,
		Attributes: map[string]schema.Attribute{
			"subnets":            schema.SetAttribute{Required: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeBetween(1, 16), nonEmpty}, MarkdownDescription: "Subnet IDs."},
			"security_group_ids": schema.SetAttribute{Required: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeBetween(1, 5), nonEmpty}, MarkdownDescription: "Security group IDs."},
		},
	}
}

// addJobSecurity adds the arguments to a run's schema.
func addJobSecurity(attributes map[string]schema.Attribute) {
	flag := func(text string) schema.Attribute {
		return schema.BoolAttribute{Optional: true, MarkdownDescription: text + " Default `false`." + notEnforced + " " + replaceWhy,
			PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplaceIf(func(_ context.Context, req planmodifier.BoolRequest, resp *boolplanmodifier.RequiresReplaceIfFuncResponse) {
				resp.RequiresReplace = req.PlanValue.IsUnknown() || req.PlanValue.ValueBool() != req.StateValue.ValueBool()
			}, replaceWhy, replaceWhy)}}
	}
	key := func(text string) schema.Attribute {
		return schema.StringAttribute{Optional: true, PlanModifiers: []planmodifier.String{replaceString()}, MarkdownDescription: text + notEnforced + " " + replaceWhy,
			Validators: []validator.String{stringvalidator.LengthBetween(1, 2048)}}
	}
	attributes["vpc_config"] = vpcConfigAttribute("Network of the container. "+replaceWhy, objectplanmodifier.RequiresReplace())
	attributes["enable_network_isolation"] = flag("Whether the container gets no network at all; its data comes and goes all the same.")
	attributes["enable_inter_container_traffic_encryption"] = flag("Whether containers of one job talk to each other encrypted.")
	attributes["kms_key_id"] = key("KMS key, by ID or ARN, that encrypts what the job writes to S3.")
	attributes["volume_kms_key_id"] = key("KMS key, by ID or ARN, of the instances' volumes.")
}

// hash is what is set, by argument; empty when nothing is, so that runs made before these arguments existed keep their hash.
func (s *jobSecurity) hash(ctx context.Context, diags *diag.Diagnostics) map[string]any {
	set := map[string]any{}
	if v := s.vpc(ctx, diags); v != nil {
		set["vpc"] = [][]string{v.Subnets, v.SecurityGroupIds}
	}
	for name, flag := range map[string]types.Bool{"isolation": s.NetworkIsolation, "traffic": s.TrafficEncryption} {
		if flag.ValueBool() {
			set[name] = true
		}
	}
	for name, key := range map[string]types.String{"output_key": s.KMSKeyID, "volume_key": s.VolumeKMSKeyID} {
		if key.ValueString() != "" {
			set[name] = key.ValueString()
		}
	}
	return set
}

// vpc is nil where none is given. What goes to the API is sorted: a set has no order.
func (s *jobSecurity) vpc(ctx context.Context, diags *diag.Diagnostics) *sdktypes.VpcConfig {
	return vpcConfig(ctx, s.VPCConfig, diags)
}

func vpcConfig(ctx context.Context, o types.Object, diags *diag.Diagnostics) *sdktypes.VpcConfig {
	if o.IsNull() || o.IsUnknown() {
		return nil
	}
	var m vpcModel
	var v sdktypes.VpcConfig
	diags.Append(o.As(ctx, &m, basetypes.ObjectAsOptions{})...)
	diags.Append(m.Subnets.ElementsAs(ctx, &v.Subnets, false)...)
	diags.Append(m.Groups.ElementsAs(ctx, &v.SecurityGroupIds, false)...)
	slices.Sort(v.Subnets)
	slices.Sort(v.SecurityGroupIds)
	return &v
}

// processing is the network of a processing job, nil where nothing is asked for.
func (s *jobSecurity) processing(ctx context.Context, diags *diag.Diagnostics) *sdktypes.NetworkConfig {
	n := &sdktypes.NetworkConfig{VpcConfig: s.vpc(ctx, diags), EnableNetworkIsolation: flagPointer(s.NetworkIsolation),
		EnableInterContainerTrafficEncryption: flagPointer(s.TrafficEncryption)}
	if n.VpcConfig == nil && n.EnableNetworkIsolation == nil && n.EnableInterContainerTrafficEncryption == nil {
		return nil
	}
	return n
}

// read takes over what the job really has, so that a job that somebody made anew under its name shows. Unset stays unset where SageMaker
// answers false or nothing.
func (s *jobSecurity) read(ctx context.Context, vpc *sdktypes.VpcConfig, isolation, traffic *bool, key, volumeKey *string, diags *diag.Diagnostics) {
	s.VPCConfig = vpcValue(ctx, vpc, diags)
	s.NetworkIsolation, s.TrafficEncryption = readFlag(s.NetworkIsolation, isolation), readFlag(s.TrafficEncryption, traffic)
	s.KMSKeyID, s.VolumeKMSKeyID = readText(key), readText(volumeKey)
}

func vpcValue(ctx context.Context, v *sdktypes.VpcConfig, diags *diag.Diagnostics) types.Object {
	if v == nil || len(v.Subnets) == 0 {
		return types.ObjectNull(vpcTypes)
	}
	subnets, d := types.SetValueFrom(ctx, types.StringType, v.Subnets)
	diags.Append(d...)
	groups, d := types.SetValueFrom(ctx, types.StringType, v.SecurityGroupIds)
	diags.Append(d...)
	return types.ObjectValueMust(vpcTypes, map[string]attr.Value{"subnets": subnets, "security_group_ids": groups})
}

func flagPointer(v types.Bool) *bool {
	if !v.ValueBool() {
		return nil
	}
	return v.ValueBoolPointer()
}

func readFlag(known types.Bool, got *bool) types.Bool {
	is := got != nil && *got
	if known.ValueBool() == is {
		return known
	}
	return types.BoolValue(is)
}

func readText(got *string) types.String {
	if got == nil {
		return types.StringNull()
	}
	return optionalString(*got)
}
