package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ list.ListResourceWithConfigure = (*trainingRunListResource)(nil)

func newTrainingRunListResource() list.ListResource { return &trainingRunListResource{} }

// trainingRunListResource has the name of the resource, and reads it as the resource does.
type trainingRunListResource struct{ trainingRunResource }

func (r *trainingRunListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Training jobs that `titanicml_training_run` started, newest first, attempts that were replaced included.",
		Attributes:          jobListAttributes(),
	}
}

// jobListAttributes narrow a list of jobs.
func jobListAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{Optional: true, MarkdownDescription: "Only runs of this `name`."},
		"status": schema.StringAttribute{Optional: true, MarkdownDescription: "Only jobs with this status: `InProgress`, `Completed`, `Failed`, `Stopping` or `Stopped`.",
			Validators: []validator.String{stringvalidator.OneOf(sagemaker.JobInProgress, sagemaker.JobCompleted, sagemaker.JobFailed, sagemaker.JobStopping, sagemaker.JobStopped)}},
		"tags": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Only jobs with all of these tags."},
	}
}

type jobListModel struct {
	Name   types.String `tfsdk:"name"`
	Status types.String `tfsdk:"status"`
	Tags   types.Map    `tfsdk:"tags"`
}

func (r *trainingRunListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Training run"
	var m jobListModel
	if c := listConfig(ctx, r.session, req, stream, what, &m); c != nil {
		stream.Results = listResults(ctx, req, r, what, jobsOf(ctx, c, sagemaker.Training, m.Name.ValueString(), m.Status.ValueString(), m.tags()))
	}
}

func (m *jobListModel) tags() map[string]string {
	tags := map[string]string{}
	for key, value := range m.Tags.Elements() {
		if text, ok := value.(types.String); ok {
			tags[key] = text.ValueString()
		}
	}
	return tags
}
