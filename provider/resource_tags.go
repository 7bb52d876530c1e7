package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func tagsAttribute() schema.Attribute {
	return schema.MapAttribute{Optional: true, ElementType: types.StringType,
		MarkdownDescription: "Tags. Together with the provider's `default_tags` they must hold every key of `required_tags`."}
}

func tagsAllAttribute() schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.StringType,
		MarkdownDescription: "All tags of the resource: the provider's `default_tags` and its own `tags`."}
}

// mergeTags lays a resource's tags over the provider's. The result is unknown while either map as a whole is; unknown values of
// known keys stay unknown values.
func (s *session) mergeTags(own types.Map) types.Map {
	if own.IsUnknown() || s.defaultTags.IsUnknown() {
		return types.MapUnknown(types.StringType)
	}
	all := map[string]attr.Value{}
	maps.Copy(all, s.defaultTags.Elements())
	for k, v := range own.Elements() {
		if !v.IsNull() {
			all[k] = v
		}
	}
	return types.MapValueMust(types.StringType, all)
}

// missingTags names the required keys that tags lacks or holds empty. An unknown value counts as given.
func (s *session) missingTags(tags types.Map) []string {
	var missing []string
	for _, key := range s.requiredTags {
		v, ok := tags.Elements()[key].(types.String)
		if !ok || v.IsNull() || (!v.IsUnknown() && v.ValueString() == "") {
			missing = append(missing, key)
		}
	}
	return missing
}

// planTags computes tags_all for a plan and refuses one without the required keys. Unknown tags are checked again at apply.
func (s *session) planTags(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if s == nil || req.Plan.Raw.IsNull() {
		return
	}
	var own types.Map
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("tags"), &own)...)
	if resp.Diagnostics.HasError() {
		return
	}
	all := s.mergeTags(own)
	// Writing one attribute copies the whole plan; with hundreds of resources that is most of a plan that changes nothing.
	var planned types.Map
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("tags_all"), &planned)...)
	if !planned.Equal(all) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("tags_all"), all)...)
	}
	if !all.IsUnknown() {
		s.checkTags(all, &resp.Diagnostics)
	}
}

func (s *session) checkTags(all types.Map, diags *diag.Diagnostics) {
	missing := s.missingTags(all)
	if len(missing) == 0 {
		return
	}
	got := "none"
	if keys := slices.Sorted(maps.Keys(all.Elements())); len(keys) > 0 {
		got = strings.Join(keys, ", ")
	}
	diags.AddAttributeError(path.Root("tags"), "Missing required tags",
		fmt.Sprintf("Missing: %s. Required: %s. Got: %s. Add the missing keys to tags here, or to default_tags of the provider.",
			strings.Join(missing, ", "), strings.Join(s.requiredTags, ", "), got))
}

// applyTags resolves tags_all at apply, where everything is known, and checks it once more.
func (s *session) applyTags(ctx context.Context, own types.Map, diags *diag.Diagnostics) (types.Map, map[string]string) {
	all := s.mergeTags(own)
	s.checkTags(all, diags)
	return all, stringMap(ctx, all, diags)
}

func stringMap(ctx context.Context, m types.Map, diags *diag.Diagnostics) map[string]string {
	out := map[string]string{}
	if m.IsNull() || m.IsUnknown() {
		return out
	}
	diags.Append(m.ElementsAs(ctx, &out, false)...)
	return out
}

func stringMapValue(m map[string]string) types.Map {
	elems := map[string]attr.Value{}
	for k, v := range m {
		elems[k] = types.StringValue(v)
	}
	return types.MapValueMust(types.StringType, elems)
}

// readTags splits what the service reports into tags_all and the resource's own tags, so that drift in either shows in a plan.
// Own tags are those not given by default_tags with the same value, unless the state had them as own.
func (s *session) readTags(reported map[string]string, own types.Map) (tags, all types.Map) {
	mine := map[string]string{}
	had := own.Elements()
	for k, v := range reported {
		_, wasOwn := had[k]
		def, isDefault := s.defaultTags.Elements()[k].(types.String)
		if wasOwn || !isDefault || def.ValueString() != v {
			mine[k] = v
		}
	}
	all = stringMapValue(reported)
	if len(mine) == 0 && own.IsNull() {
		return types.MapNull(types.StringType), all
	}
	return stringMapValue(mine), all
}
