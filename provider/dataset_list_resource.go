package provider

import (
	"context"
	"fmt"
	"iter"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ list.ListResourceWithConfigure = (*datasetListResource)(nil)

func newDatasetListResource() list.ListResource { return &datasetListResource{} }

// datasetListResource has the name of the resource, and reads it as the resource does.
type datasetListResource struct{ datasetResource }

func (r *datasetListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The data files in the provider's store, by digest.",
		Attributes: map[string]schema.Attribute{
			"file_name": schema.StringAttribute{Optional: true, MarkdownDescription: "Only files of this name, such as `train.csv`."},
		},
	}
}

type datasetListModel struct {
	FileName types.String `tfsdk:"file_name"`
}

func (r *datasetListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Dataset"
	var m datasetListModel
	if c := listConfig(ctx, r.session, req, stream, what, &m); c != nil {
		stream.Results = listResults(ctx, req, r, what, storedDatasets(ctx, c, m.FileName.ValueString()))
	}
}

// datasetKey is the end of a URI that datasetURI makes.
var datasetKey = regexp.MustCompile(`/data/sha256/([0-9a-f]{64})/([^/]+)$`)

func storedDatasets(ctx context.Context, c *sagemaker.Client, fileName string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		under := c.Store.Join("data", "sha256")
		under.Key += "/"
		objects, err := c.List(ctx, under)
		if err != nil {
			yield(listed{}, err)
			return
		}
		for _, o := range objects {
			key := datasetKey.FindStringSubmatch(o.URI)
			if key == nil || fileName != "" && key[2] != fileName {
				continue
			}
			if !yield(listed{o.URI, fmt.Sprintf("%s, sha256 %s, %d bytes", key[2], key[1][:12], o.Bytes)}, nil) {
				return
			}
		}
	}
}
