package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ list.ListResourceWithConfigure = (*promotionListResource)(nil)

func newPromotionListResource() list.ListResource { return &promotionListResource{} }

// promotionListResource has the name of the resource, and reads it as the resource does.
type promotionListResource struct{ promotionResource }

func (r *promotionListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The groups in the provider's store that have a champion, each with the promotion that made it. A pointer that names no valid decision is left out with a warning.",
		Attributes:          map[string]schema.Attribute{},
	}
}

type promotionListModel struct{}

func (r *promotionListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Promotion"
	if c := listConfig(ctx, r.session, req, stream, what, &promotionListModel{}); c != nil {
		stream.Results = listResults(ctx, req, r, what, champions(ctx, c))
	}
}

func champions(ctx context.Context, c *sagemaker.Client) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		groups, err := decision.Groups(ctx, c)
		if err != nil {
			yield(listed{}, err)
			return
		}
		for _, group := range groups {
			champion, err := decision.ReadChampion(ctx, c, group)
			object := listed{id: group}
			switch {
			case err != nil:
			case champion.Defect != "":
				err = skipped(champion.Defect + ". Apply the promotion that decided on it to repair the pointer.")
			case champion.Valid():
				object.display = fmt.Sprintf("%s, version %d", group, champion.Pointer.Version)
			default:
				continue // deleted since it was listed
			}
			if !yield(object, err) {
				return
			}
		}
	}
}
