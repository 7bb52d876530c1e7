package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ list.ListResourceWithConfigure = (*evaluationListResource)(nil)

func newEvaluationListResource() list.ListResource { return &evaluationListResource{} }

// evaluationListResource has the name of the resource, and reads it as the resource does.
type evaluationListResource struct{ evaluationResource }

func (r *evaluationListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Processing jobs that `titanicml_evaluation` started, newest first, attempts that were replaced included.",
		Attributes:          jobListAttributes(),
	}
}

func (r *evaluationListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Evaluation"
	var m jobListModel
	if c := listConfig(ctx, r.session, req, stream, what, &m); c != nil {
		stream.Results = listResults(ctx, req, r, what, jobsOf(ctx, c, sagemaker.Processing, m.Name.ValueString(), m.Status.ValueString(), m.tags()))
	}
}
