package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// servingModel names the version that a group's champion pointer says to serve, and the decision that allows it. It links
// titanicml_promotion and titanicml_champion with titanicml_endpoint.
type servingModel struct {
	ModelPackageGroup types.String `tfsdk:"model_package_group"`
	ModelPackageARN   types.String `tfsdk:"model_package_arn"`
	Version           types.Int64  `tfsdk:"version"`
	Image             types.String `tfsdk:"image"`
	ArtifactURI       types.String `tfsdk:"artifact_uri"`
	ArtifactSHA256    types.String `tfsdk:"artifact_sha256"`
	DecisionURI       types.String `tfsdk:"decision_uri"`
	DecisionSHA256    types.String `tfsdk:"decision_sha256"`
}

// servingTypes are the attribute types of a serving object.
var servingTypes = map[string]attr.Type{
	"model_package_group": types.StringType,
	"model_package_arn":   types.StringType,
	"version":             types.Int64Type,
	"image":               types.StringType,
	"artifact_uri":        types.StringType,
	"artifact_sha256":     types.StringType,
	"decision_uri":        types.StringType,
	"decision_sha256":     types.StringType,
}

// servingTexts describe the attributes of a serving object in every schema that has one.
var servingTexts = map[string]string{
	"model_package_group": "Model package group.",
	"model_package_arn":   "ARN of the version to serve.",
	"version":             "Its number in the group.",
	"image":               "Container image.",
	"artifact_uri":        "S3 URI of the model artifact.",
	"artifact_sha256":     "SHA-256 of the artifact, in hex.",
	"decision_uri":        "S3 URI of the decision record that approved it.",
	"decision_sha256":     "SHA-256 of that record, in hex.",
}

// object is the value for a state or plan; nil is null, as before the first promotion.
func (m *servingModel) object(ctx context.Context, diags *diag.Diagnostics) types.Object {
	if m == nil {
		return types.ObjectNull(servingTypes)
	}
	o, d := types.ObjectValueFrom(ctx, servingTypes, m)
	diags.Append(d...)
	return o
}

// servingFrom reads a serving object; nil when it is null or unknown.
func servingFrom(ctx context.Context, o types.Object, diags *diag.Diagnostics) *servingModel {
	if o.IsNull() || o.IsUnknown() {
		return nil
	}
	var m servingModel
	diags.Append(o.As(ctx, &m, basetypes.ObjectAsOptions{})...)
	return &m
}
