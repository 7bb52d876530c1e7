package provider

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// A job cannot be changed, only run again. What decides its result replaces; a null and an empty value are the same thing to SageMaker.

const replaceWhy = "Another value means another job."

func replaceString() planmodifier.String { return stringplanmodifier.RequiresReplace() }

func replaceMap() planmodifier.Map {
	return mapplanmodifier.RequiresReplaceIf(func(_ context.Context, req planmodifier.MapRequest, resp *mapplanmodifier.RequiresReplaceIfFuncResponse) {
		resp.RequiresReplace = len(req.StateValue.Elements()) != 0 || req.PlanValue.IsUnknown() || len(req.PlanValue.Elements()) != 0
	}, replaceWhy, replaceWhy)
}

func replaceList() planmodifier.List {
	return listplanmodifier.RequiresReplaceIf(func(_ context.Context, req planmodifier.ListRequest, resp *listplanmodifier.RequiresReplaceIfFuncResponse) {
		resp.RequiresReplace = len(req.StateValue.Elements()) != 0 || req.PlanValue.IsUnknown() || len(req.PlanValue.Elements()) != 0
	}, replaceWhy, replaceWhy)
}

// importedKey marks, in private state, a job that was imported: its triggers cannot be read back, so the first configured value is
// taken over instead of starting the job again.
const importedKey = "imported"

func replaceTriggers() planmodifier.Map {
	return mapplanmodifier.RequiresReplaceIf(func(ctx context.Context, req planmodifier.MapRequest, resp *mapplanmodifier.RequiresReplaceIfFuncResponse) {
		imported, d := req.Private.GetKey(ctx, importedKey)
		resp.Diagnostics.Append(d...)
		resp.RequiresReplace = imported == nil || !req.StateValue.IsNull()
	}, replaceWhy, replaceWhy)
}

type jobResourcesModel struct {
	InstanceType  types.String `tfsdk:"instance_type"`
	InstanceCount types.Int64  `tfsdk:"instance_count"`
	VolumeSizeGB  types.Int64  `tfsdk:"volume_size_gb"`
}

var jobResourcesTypes = map[string]attr.Type{"instance_type": types.StringType, "instance_count": types.Int64Type, "volume_size_gb": types.Int64Type}

const defaultInstanceType = "ml.m5.large"

func jobResourcesValue(instance string, count, volume int64) types.Object {
	return types.ObjectValueMust(jobResourcesTypes, map[string]attr.Value{
		"instance_type": types.StringValue(instance), "instance_count": types.Int64Value(count), "volume_size_gb": types.Int64Value(volume)})
}

func jobResourcesAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		Default:             objectdefault.StaticValue(jobResourcesValue(defaultInstanceType, 1, 30)),
		PlanModifiers:       []planmodifier.Object{objectplanmodifier.RequiresReplace()},
		MarkdownDescription: "Machines to run on. The local engine takes any and runs on this one. " + replaceWhy,
		Attributes: map[string]schema.Attribute{
			"instance_type":  schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(defaultInstanceType), MarkdownDescription: "Instance type. Default `" + defaultInstanceType + "`."},
			"instance_count": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(1), Validators: []validator.Int64{int64validator.Between(1, most)}, MarkdownDescription: "Number of instances. Default 1."},
			"volume_size_gb": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(30), Validators: []validator.Int64{int64validator.Between(1, most)}, MarkdownDescription: "Volume per instance. Default 30."},
		},
	}
}

func jobResources(ctx context.Context, o types.Object, diags *diag.Diagnostics) jobResourcesModel {
	var m jobResourcesModel
	diags.Append(o.As(ctx, &m, basetypes.ObjectAsOptions{})...)
	return m
}

// computedString is a computed attribute that stays what it is unless the resource is replaced.
func computedString(text string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: text, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

func computedMetrics(text string) schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.Float64Type, MarkdownDescription: text,
		PlanModifiers: []planmodifier.Map{mapplanmodifier.UseStateForUnknown()}}
}

func runNameAttribute(text string) schema.Attribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: text,
		Validators: []validator.String{
			stringvalidator.LengthAtMost(sagemaker.MaxRunName),
			stringvalidator.RegexMatches(runName, "must be letters, digits and single hyphens between them"),
		}}
}

func durationAttribute(text, fallback string) schema.Attribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(fallback),
		MarkdownDescription: text, Validators: []validator.String{durationText{min: time.Second}}}
}

// metricsValue puts metrics into a map Terraform can hold: NaN and infinities, which it cannot, are left out and named in a warning.
func metricsValue(metrics map[string]float64, what string, diags *diag.Diagnostics) types.Map {
	elems := map[string]attr.Value{}
	var odd []string
	for name, v := range metrics {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			odd = append(odd, fmt.Sprintf("%s = %v", name, v))
			continue
		}
		elems[name] = types.Float64Value(v)
	}
	if len(odd) > 0 {
		diags.AddWarning("Metric that is not a number",
			fmt.Sprintf("%s reported %s. Terraform has no such numbers, so they are missing from metrics; a gate that asks for one of them rejects.", what, strings.Join(odd, ", ")))
	}
	return types.MapValueMust(types.Float64Type, elems)
}

// shortFloat widens a float32 to the decimal number it was printed from, so that 0.8123 stays 0.8123.
func shortFloat(v float32) float64 {
	f, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	if err != nil {
		return float64(v)
	}
	return f
}

// timeValue is RFC 3339 in UTC, null for the zero time.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}

// durationValue spells seconds the way people do: 1h, not 1h0m0s.
func durationValue(seconds int32) types.String {
	s := (time.Duration(seconds) * time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return types.StringValue(s)
}

func seconds(text types.String, fallback time.Duration) *int32 {
	n := int32(durationOr(text, fallback) / time.Second)
	return &n
}

func optionalString(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func optionalMap(m map[string]string) types.Map {
	if len(m) == 0 {
		return types.MapNull(types.StringType)
	}
	return stringMapValue(m)
}

func optionalList(items []string) types.List {
	if len(items) == 0 {
		return types.ListNull(types.StringType)
	}
	elems := make([]attr.Value, len(items))
	for i, s := range items {
		elems[i] = types.StringValue(s)
	}
	return types.ListValueMust(types.StringType, elems)
}

func stringList(ctx context.Context, l types.List, diags *diag.Diagnostics) []string {
	var out []string
	if !l.IsNull() && !l.IsUnknown() {
		diags.Append(l.ElementsAs(ctx, &out, false)...)
	}
	return out
}

func roleAttribute() schema.Attribute {
	return schema.StringAttribute{Optional: true, Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		MarkdownDescription: "Execution role. Required on AWS; the local engine needs none."}
}

// planRole fills the local engine's role and asks for one on AWS.
func (s *session) planRole(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if s == nil || req.Plan.Raw.IsNull() {
		return
	}
	var role types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("role_arn"), &role)...)
	if !role.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	if !s.local {
		resp.Diagnostics.AddAttributeError(path.Root("role_arn"), "Missing execution role",
			"engine = \"sagemaker\" needs role_arn: the role whose permissions the container has. Got none.")
		return
	}
	var planned types.String
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("role_arn"), &planned)...)
	if planned.ValueString() != localRole {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("role_arn"), localRole)...)
	}
}
