package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ datasource.DataSourceWithConfigure        = (*evaluationReportDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*evaluationReportDataSource)(nil)
)

func newEvaluationReportDataSource() datasource.DataSource { return &evaluationReportDataSource{} }

type evaluationReportDataSource struct{ session *session }

func (d *evaluationReportDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *evaluationReportDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "titanicml_evaluation_report"
}

func (d *evaluationReportDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What a model-quality report says, read with its digest checked. For reading and for `check` blocks: a promotion computes its metrics from the predictions itself.",
		Attributes: map[string]schema.Attribute{
			"evaluation": schema.StringAttribute{Optional: true, MarkdownDescription: "`titanicml_evaluation.NAME.id`. Exactly one of `evaluation` and `uri` is given."},
			"uri":        schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "S3 URI of a report, such as a pipeline leaves in ModelMetrics."},
			"sha256":     schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "SHA-256 of the report. When it is given, another content is an error."},
			"problem":    schema.StringAttribute{Computed: true, MarkdownDescription: "`binary_classification`, `multiclass_classification` or `regression`."},
			"metrics":    schema.MapAttribute{Computed: true, ElementType: types.Float64Type, MarkdownDescription: "Metrics by name. Values that are not finite are left out."},
			"p95_latency_ms": schema.Float64Attribute{Computed: true,
				MarkdownDescription: "95th percentile of milliseconds per example; null when not reported."},
			"examples": schema.Int64Attribute{Computed: true, MarkdownDescription: "Examples scored; null when not reported."},
		},
	}
}

func (d *evaluationReportDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("evaluation"), path.MatchRoot("uri"))}
}

type evaluationReportModel struct {
	Evaluation   types.String  `tfsdk:"evaluation"`
	URI          types.String  `tfsdk:"uri"`
	SHA256       types.String  `tfsdk:"sha256"`
	Problem      types.String  `tfsdk:"problem"`
	Metrics      types.Map     `tfsdk:"metrics"`
	P95LatencyMS types.Float64 `tfsdk:"p95_latency_ms"`
	Examples     types.Int64   `tfsdk:"examples"`
}

func (d *evaluationReportDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m evaluationReportModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := d.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Report not read", err)
		return
	}
	var expected []string
	if want := m.SHA256.ValueString(); want != "" {
		expected = append(expected, want)
	}
	if name := m.Evaluation.ValueString(); name != "" {
		doc, at, err := decision.ReadEvidence(ctx, c, name)
		if sagemaker.IsNotFound(err) {
			resp.Diagnostics.AddAttributeError(path.Root("evaluation"), "Evaluation without evidence",
				fmt.Sprintf("Evaluation %s has left no evidence at %s. Give the id of a titanicml_evaluation on the same store.", name, at.URI))
			return
		}
		if err != nil {
			addError(&resp.Diagnostics, "Report not read", err)
			return
		}
		m.URI = types.StringValue(doc.Report.URI)
		expected = append(expected, doc.Report.SHA256)
	}
	o, err := c.Get(ctx, m.URI.ValueString())
	if sagemaker.IsNotFound(err) {
		resp.Diagnostics.AddError("Report not found", fmt.Sprintf("There is no object %s.", m.URI.ValueString()))
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Report not read", err)
		return
	}
	for _, want := range expected {
		if want != o.SHA256 {
			resp.Diagnostics.AddError("Report changed", fmt.Sprintf("%s has sha256 %s, expected %s. It was written to after the evaluation; evaluate again.", o.URI, o.SHA256, want))
			return
		}
	}
	report, err := evidence.ParseReport(o.Body)
	if err != nil {
		addError(&resp.Diagnostics, "Report not readable", fmt.Errorf("%s: %w", o.URI, err))
		return
	}
	m.fill(report)
	m.SHA256 = types.StringValue(o.SHA256)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *evaluationReportModel) fill(report *evidence.Report) {
	m.Problem = types.StringValue(string(report.Problem))
	metrics := map[string]attr.Value{}
	for name, v := range report.Metrics {
		if v.Number-v.Number == 0 {
			metrics[name] = types.Float64Value(v.Number)
		}
	}
	m.Metrics = types.MapValueMust(types.Float64Type, metrics)
	m.P95LatencyMS, m.Examples = types.Float64Null(), types.Int64Null()
	if v, ok := report.Performance["p95_latency_ms"]; ok && v.Number-v.Number == 0 {
		m.P95LatencyMS = types.Float64Value(v.Number)
	}
	if v, ok := report.Performance["examples"]; ok && v.Number-v.Number == 0 {
		m.Examples = types.Int64Value(int64(v.Number))
	}
}
