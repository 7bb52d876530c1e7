package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ function.Function = (*requiredTagsFunction)(nil)

func newRequiredTagsFunction() function.Function { return &requiredTagsFunction{} }

type requiredTagsFunction struct{}

func (f *requiredTagsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "required_tags"
}

func (f *requiredTagsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Which required tags are missing",
		MarkdownDescription: "Returns the keys of `required` that `tags` lacks or holds empty, sorted; the list is empty when all are there. " +
			"Made for `validation` and `precondition`: `length(provider::titanicml::required_tags(var.tags, [\"project\", \"env\"])) == 0`.",
		Parameters: []function.Parameter{
			function.MapParameter{Name: "tags", ElementType: types.StringType, AllowNullValue: true, MarkdownDescription: "Tags; null is none. OpenTofu 1.12 cannot send a null: write `coalesce(var.tags, {})` there."},
			function.ListParameter{Name: "required", ElementType: types.StringType, MarkdownDescription: "Keys that must be there."},
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

func (f *requiredTagsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var tags map[string]*string
	var required []string
	if resp.Error = req.Arguments.Get(ctx, &tags, &required); resp.Error != nil {
		return
	}
	missing := []string{}
	for _, key := range required {
		if v := tags[key]; v == nil || *v == "" {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	resp.Error = resp.Result.Set(ctx, slices.Compact(missing))
}
