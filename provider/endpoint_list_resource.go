package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ list.ListResourceWithConfigure = (*endpointListResource)(nil)

func newEndpointListResource() list.ListResource { return &endpointListResource{} }

// endpointListResource has the name of the resource, and reads it as the resource does.
type endpointListResource struct{ endpointResource }

func (r *endpointListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Endpoints that `titanicml_endpoint` made, by name.",
		Attributes: map[string]schema.Attribute{
			"name_contains": schema.StringAttribute{Optional: true, MarkdownDescription: "Only endpoints whose name contains this."},
		},
	}
}

type endpointListModel struct {
	NameContains types.String `tfsdk:"name_contains"`
}

func (r *endpointListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Endpoint"
	var m endpointListModel
	if c := listConfig(ctx, r.session, req, stream, what, &m); c != nil {
		stream.Results = listResults(ctx, req, r, what, ownEndpoints(ctx, c, m.NameContains.ValueString()))
	}
}

func ownEndpoints(ctx context.Context, c *sagemaker.Client, nameContains string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for e, err := range c.Endpoints(ctx, sagemaker.Filter{NameContains: nameContains}) {
			if err != nil {
				yield(listed{}, err)
				return
			}
			tags, err := c.ListTags(ctx, e.ARN)
			switch {
			case sagemaker.IsNotFound(err):
				continue
			case err != nil:
				yield(listed{}, err)
				return
			case tags[sagemaker.TagEndpoint] != e.Name:
				continue
			}
			if !yield(listed{e.Name, fmt.Sprintf("%s, %s", e.Name, e.Status)}, nil) {
				return
			}
		}
	}
}
