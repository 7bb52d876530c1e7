package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/stage"
)

var _ list.ListResourceWithConfigure = (*stageListResource)(nil)

func newStageListResource() list.ListResource { return &stageListResource{} }

// stageListResource has the name of the resource, and reads it as the resource does.
type stageListResource struct{ stageResource }

func (r *stageListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The stages that a ledger holds, without those that were destroyed.",
		Attributes: map[string]schema.Attribute{
			"ledger": schema.StringAttribute{Optional: true, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "S3 folder of the ledger. Default `<store>/stages/<environment>`."},
		},
	}
}

type stageListModel struct {
	Ledger types.String `tfsdk:"ledger"`
}

func (r *stageListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Stage"
	var m stageListModel
	c := listConfig(ctx, r.session, req, stream, what, &m)
	if c == nil {
		return
	}
	ledger := stage.Ledger{Client: c, At: stage.DefaultLedger(c.Store, r.session.environment)}
	if uri := m.Ledger.ValueString(); uri != "" {
		at, err := sagemaker.ParseLocation(uri)
		if err != nil {
			stream.Results = func(push func(list.ListResult) bool) { push(failedList(what, err)) }
			return
		}
		ledger.At = at
	}
	stream.Results = listResults(ctx, req, r, what, standing(ctx, ledger))
}

// standing lists the entries that are no tombstones.
func standing(ctx context.Context, ledger stage.Ledger) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		entries, err := ledger.Entries(ctx)
		if err != nil {
			yield(listed{}, err)
			return
		}
		for _, e := range entries {
			if e.Tombstone {
				continue
			}
			if !yield(listed{e.URI, fmt.Sprintf("stage %d_%s in %s", e.Number, e.Name, e.Environment)}, nil) {
				return
			}
		}
	}
}
