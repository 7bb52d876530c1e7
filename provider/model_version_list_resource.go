package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ list.ListResourceWithConfigure = (*modelVersionListResource)(nil)

func newModelVersionListResource() list.ListResource { return &modelVersionListResource{} }

// modelVersionListResource has the name of the resource, and reads it as the resource does.
type modelVersionListResource struct{ modelVersionResource }

func (r *modelVersionListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The versions of a model package group, newest first, whoever registered them. A group that does not exist has none.",
		Attributes: map[string]schema.Attribute{
			"model_package_group": schema.StringAttribute{Required: true, MarkdownDescription: "Model package group.",
				Validators: []validator.String{stringvalidator.RegexMatches(groupName, "must be the name of a model package group, 1 to 63 letters, digits and hyphens")}},
			"approval_status": schema.StringAttribute{Optional: true, MarkdownDescription: "Only versions with this status: `PendingManualApproval`, `Approved` or `Rejected`.",
				Validators: []validator.String{stringvalidator.OneOf("PendingManualApproval", "Approved", "Rejected")}},
		},
	}
}

type modelVersionListModel struct {
	ModelPackageGroup types.String `tfsdk:"model_package_group"`
	ApprovalStatus    types.String `tfsdk:"approval_status"`
}

func (r *modelVersionListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const what = "Model version"
	var m modelVersionListModel
	if c := listConfig(ctx, r.session, req, stream, what, &m); c != nil {
		stream.Results = listResults(ctx, req, r, what, versionsOf(ctx, c, m.ModelPackageGroup.ValueString(), m.ApprovalStatus.ValueString()))
	}
}

func versionsOf(ctx context.Context, c *sagemaker.Client, group, status string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		versions, err := c.ListPackages(ctx, group)
		if err != nil {
			yield(listed{}, err)
			return
		}
		for _, v := range versions {
			if status != "" && status != string(v.ModelApprovalStatus) {
				continue
			}
			if !yield(listed{aws.ToString(v.ModelPackageArn), fmt.Sprintf("%s version %d, %s", group, aws.ToInt32(v.ModelPackageVersion), v.ModelApprovalStatus)}, nil) {
				return
			}
		}
	}
}
