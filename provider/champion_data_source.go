package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
)

var _ datasource.DataSourceWithConfigure = (*championDataSource)(nil)

func newChampionDataSource() datasource.DataSource { return &championDataSource{} }

type championDataSource struct{ session *session }

func (d *championDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *championDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "titanicml_champion"
}

func (d *championDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	nested := map[string]schema.Attribute{"version": schema.Int64Attribute{Computed: true, MarkdownDescription: servingTexts["version"]}}
	attributes := map[string]schema.Attribute{"version": schema.Int64Attribute{Computed: true, MarkdownDescription: servingTexts["version"]}}
	for name, text := range servingTexts {
		if name != "version" {
			nested[name] = schema.StringAttribute{Computed: true, MarkdownDescription: text}
			attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: text}
		}
	}
	attributes["model_package_group"] = schema.StringAttribute{Required: true, MarkdownDescription: "Model package group.",
		Validators: []validator.String{stringvalidator.RegexMatches(groupName, "must be the name of a model package group, 1 to 63 letters, digits and hyphens")}}
	attributes["exists"] = schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the group has a champion. Without one, everything else is null."}
	attributes["promoted_at"] = schema.StringAttribute{Computed: true, MarkdownDescription: "When it was promoted, RFC 3339."}
	attributes["serving"] = schema.SingleNestedAttribute{Computed: true, Attributes: nested, MarkdownDescription: "The same as one object, for `titanicml_endpoint`."}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The champion of a model package group: the version that the last approved decision lets serve. A pointer that names no intact, approved decision record is an error.",
		Attributes:          attributes,
	}
}

type championModel struct {
	ModelPackageGroup types.String `tfsdk:"model_package_group"`
	ModelPackageARN   types.String `tfsdk:"model_package_arn"`
	Version           types.Int64  `tfsdk:"version"`
	Image             types.String `tfsdk:"image"`
	ArtifactURI       types.String `tfsdk:"artifact_uri"`
	ArtifactSHA256    types.String `tfsdk:"artifact_sha256"`
	DecisionURI       types.String `tfsdk:"decision_uri"`
	DecisionSHA256    types.String `tfsdk:"decision_sha256"`
	Exists            types.Bool   `tfsdk:"exists"`
	PromotedAt        types.String `tfsdk:"promoted_at"`
	Serving           types.Object `tfsdk:"serving"`
}

func (d *championDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m championModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := d.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Champion not read", err)
		return
	}
	champion, err := decision.ReadChampion(ctx, c, m.ModelPackageGroup.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Champion not read", err)
		return
	}
	if champion.Defect != "" {
		resp.Diagnostics.AddAttributeError(path.Root("model_package_group"), "Champion not valid",
			champion.Defect+". Apply the promotion that decided on it to repair the pointer.")
		return
	}
	m.Exists = types.BoolValue(champion.Valid())
	m.Serving = servingOf(champion).object(ctx, &resp.Diagnostics)
	if s := servingOf(champion); s != nil {
		m.ModelPackageARN, m.Version, m.Image, m.ArtifactURI, m.ArtifactSHA256 = s.ModelPackageARN, s.Version, s.Image, s.ArtifactURI, s.ArtifactSHA256
		m.DecisionURI, m.DecisionSHA256 = s.DecisionURI, s.DecisionSHA256
		m.PromotedAt = timeValue(champion.Pointer.PromotedAt)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
