package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var _ datasource.DataSourceWithConfigure = (*modelVersionsDataSource)(nil)

func newModelVersionsDataSource() datasource.DataSource { return &modelVersionsDataSource{} }

type modelVersionsDataSource struct{ session *session }

func (d *modelVersionsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *modelVersionsDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "titanicml_model_versions"
}

var listedVersionTexts = map[string]string{
	"arn": "ARN, as `titanicml_promotion` takes it.", "version": "Number in the group.", "approval_status": "`PendingManualApproval`, `Approved` or `Rejected`.",
	"created_at": "When it was registered, RFC 3339.", "created_by": "ARN of who registered it; null when SageMaker recorded none.", "description": "Its description.",
	"image": "Container image.", "artifact_uri": "S3 URI of the model artifact.", "artifact_sha256": "SHA-256 of the artifact as it was registered; null when the registrar gave none.",
	"report_uri": "S3 URI of the model-quality report among its ModelMetrics; null without one.", "report_sha256": "SHA-256 of that report; null when it was not registered.",
	"run": "Training job it came from; null when not recorded.", "evaluation": "Evaluation it was registered with; null when not recorded.", "metadata": "All customer metadata.",
}

var listedVersionTypes = map[string]attr.Type{
	"arn": types.StringType, "version": types.Int64Type, "approval_status": types.StringType, "created_at": types.StringType, "created_by": types.StringType,
	"description": types.StringType, "image": types.StringType, "artifact_uri": types.StringType, "artifact_sha256": types.StringType,
	"report_uri": types.StringType, "report_sha256": types.StringType, "run": types.StringType, "evaluation": types.StringType,
	"metadata": types.MapType{ElemType: types.StringType},
}

func (d *modelVersionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for name, t := range listedVersionTypes {
		switch t {
		case types.Int64Type:
			attributes[name] = schema.Int64Attribute{Computed: true, MarkdownDescription: listedVersionTexts[name]}
		case types.StringType:
			attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: listedVersionTexts[name]}
		default:
			attributes[name] = schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: listedVersionTexts[name]}
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The versions of a model package group, newest first, whoever registered them: this provider or a SageMaker pipeline. A group that does not exist has none.",
		Attributes: map[string]schema.Attribute{
			"model_package_group": schema.StringAttribute{Required: true, MarkdownDescription: "Model package group.",
				Validators: []validator.String{stringvalidator.RegexMatches(groupName, "must be the name of a model package group, 1 to 63 letters, digits and hyphens")}},
			"approval_status": schema.StringAttribute{Optional: true, MarkdownDescription: "Only versions with this status.",
				Validators: []validator.String{stringvalidator.OneOf("PendingManualApproval", "Approved", "Rejected")}},
			"metadata": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Only versions whose customer metadata has all of these."},
			"versions": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The versions, newest first.",
				NestedObject: schema.NestedAttributeObject{Attributes: attributes}},
			"latest_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the newest of them; null when there is none."},
		},
	}
}

type modelVersionsModel struct {
	ModelPackageGroup types.String `tfsdk:"model_package_group"`
	ApprovalStatus    types.String `tfsdk:"approval_status"`
	Metadata          types.Map    `tfsdk:"metadata"`
	Versions          types.List   `tfsdk:"versions"`
	LatestARN         types.String `tfsdk:"latest_arn"`
}

func (d *modelVersionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m modelVersionsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := d.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Versions not read", err)
		return
	}
	listed, err := c.ListPackages(ctx, m.ModelPackageGroup.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Versions not read", err)
		return
	}
	wanted := stringMap(ctx, m.Metadata, &resp.Diagnostics)
	var rows []attr.Value
	for _, summary := range listed {
		if want := m.ApprovalStatus.ValueString(); want != "" && want != string(summary.ModelApprovalStatus) {
			continue
		}
		p, err := c.DescribePackage(ctx, aws.ToString(summary.ModelPackageArn))
		if sagemaker.IsNotFound(err) {
			continue // deleted since it was listed
		}
		if err != nil {
			addError(&resp.Diagnostics, "Versions not read", err)
			return
		}
		if hasAll(p.Metadata, wanted) {
			rows = append(rows, listedVersion(ctx, p, &resp.Diagnostics))
		}
	}
	element := types.ObjectType{AttrTypes: listedVersionTypes}
	m.LatestARN = types.StringNull()
	if len(rows) > 0 {
		m.LatestARN = rows[0].(types.Object).Attributes()["arn"].(types.String)
	}
	m.Versions = types.ListValueMust(element, rows)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func hasAll(have, want map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

func listedVersion(ctx context.Context, p *sagemaker.Package, diags *diag.Diagnostics) attr.Value {
	meta, d := types.MapValueFrom(ctx, types.StringType, p.Metadata)
	diags.Append(d...)
	if p.Metadata == nil {
		meta = types.MapValueMust(types.StringType, map[string]attr.Value{})
	}
	by := types.StringNull()
	if u := p.CreatedBy; u != nil && u.IamIdentity != nil {
		by = optionalString(aws.ToString(u.IamIdentity.Arn))
	}
	reportURI, reportSHA := types.StringNull(), optionalString(p.Metadata[sagemaker.MetaEvaluationSHA256])
	if q := p.Raw.ModelMetrics; q != nil && q.ModelQuality != nil && q.ModelQuality.Statistics != nil {
		reportURI = optionalString(aws.ToString(q.ModelQuality.Statistics.S3Uri))
		if digest := aws.ToString(q.ModelQuality.Statistics.ContentDigest); digest != "" {
			reportSHA = types.StringValue(sagemaker.TrimDigest(digest))
		}
	}
	return types.ObjectValueMust(listedVersionTypes, map[string]attr.Value{
		"arn": types.StringValue(p.ARN), "version": types.Int64Value(int64(p.Version)), "approval_status": types.StringValue(string(p.Approval)),
		"created_at": timeValue(aws.ToTime(p.Raw.CreationTime)), "created_by": by, "description": optionalString(aws.ToString(p.Raw.ModelPackageDescription)),
		"image": optionalString(p.Image), "artifact_uri": optionalString(p.ArtifactURI), "artifact_sha256": optionalString(p.Metadata[sagemaker.MetaArtifactSHA256]),
		"report_uri": reportURI, "report_sha256": reportSHA, "run": optionalString(p.Metadata[sagemaker.MetaRun]), "evaluation": optionalString(p.Metadata[sagemaker.MetaEvaluation]),
		"metadata": meta,
	})
}
