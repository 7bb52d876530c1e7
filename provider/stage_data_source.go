package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/stage"
)

var _ datasource.DataSourceWithConfigure = (*stageDataSource)(nil)

func newStageDataSource() datasource.DataSource { return &stageDataSource{} }

type stageDataSource struct{ session *session }

func (d *stageDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *stageDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "titanicml_stage"
}

func (d *stageDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(t string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: t}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "What the ledger says about a stage. A stage that was never applied, or was destroyed, has `exists = false`.",
		Attributes: map[string]schema.Attribute{
			"number":      schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.Between(1, 99)}, MarkdownDescription: "Number of the stage."},
			"ledger":      schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "S3 folder of the ledger. Default `<store>/stages/<environment>`."},
			"source_dir":  schema.StringAttribute{Optional: true, MarkdownDescription: "Directory of the stage in this checkout, to tell whether the entry is `current`."},
			"exists":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the stage is applied."},
			"current":     schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it was applied from the sources in `source_dir`; null without that."},
			"name":        text("Name of the stage."),
			"uri":         text("S3 URI of the entry."),
			"environment": text("Environment it was applied to."),

			"source_sha256": text("Digest of the sources it was applied from."),
			"outputs":       schema.DynamicAttribute{Computed: true, MarkdownDescription: "What the stage offers."},
			"recorded_at":   text("When the entry was written, RFC 3339."),
			"recorded_by":   text("STS ARN of who wrote it."),
			"commit":        text("Git commit."),
			"actor":         text("Who started the workflow."),
			"run_url":       text("URL of the workflow run."),
			"plan_sha256":   text("Digest of the applied plan."),
		},
	}
}

type stageEntryModel struct {
	Number       types.Int64   `tfsdk:"number"`
	Ledger       types.String  `tfsdk:"ledger"`
	SourceDir    types.String  `tfsdk:"source_dir"`
	Exists       types.Bool    `tfsdk:"exists"`
	Current      types.Bool    `tfsdk:"current"`
	Name         types.String  `tfsdk:"name"`
	URI          types.String  `tfsdk:"uri"`
	Environment  types.String  `tfsdk:"environment"`
	SourceSHA256 types.String  `tfsdk:"source_sha256"`
	Outputs      types.Dynamic `tfsdk:"outputs"`
	RecordedAt   types.String  `tfsdk:"recorded_at"`
	RecordedBy   types.String  `tfsdk:"recorded_by"`
	Commit       types.String  `tfsdk:"commit"`
	Actor        types.String  `tfsdk:"actor"`
	RunURL       types.String  `tfsdk:"run_url"`
	PlanSHA256   types.String  `tfsdk:"plan_sha256"`
}

func (d *stageDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m stageEntryModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := d.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Stage not read", err)
		return
	}
	if m.Ledger.IsNull() {
		m.Ledger = types.StringValue(stage.DefaultLedger(c.Store, d.session.environment).URI())
	}
	ledger, err := openLedger(c, m.Ledger.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Stage not read", err)
		return
	}
	e, err := ledger.Find(ctx, m.Number.ValueInt64())
	if err != nil {
		addError(&resp.Diagnostics, "Stage not read", err)
		return
	}
	m.Exists, m.Current = types.BoolValue(e != nil && !e.Tombstone), types.BoolNull()
	if m.Exists.ValueBool() {
		m.fill(e, &resp.Diagnostics)
	}
	if !m.SourceDir.IsNull() {
		sources, err := stage.Digest(m.SourceDir.ValueString())
		if err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("source_dir"), "Stage sources not readable", err.Error())
			return
		}
		m.Current = types.BoolValue(m.Exists.ValueBool() && e.SourceSHA256 == sources.SHA256)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *stageEntryModel) fill(e *stage.StoredEntry, diags *diag.Diagnostics) {
	m.Name, m.URI, m.Environment, m.SourceSHA256 = types.StringValue(e.Name), types.StringValue(e.URI), optionalString(e.Environment), types.StringValue(e.SourceSHA256)
	m.RecordedAt, m.RecordedBy = timeValue(e.RecordedAt), types.StringValue(e.RecordedBy)
	m.Commit, m.Actor, m.RunURL, m.PlanSHA256 = optionalString(e.Commit), optionalString(e.Actor), optionalString(e.RunURL), optionalString(e.PlanSHA256)
	var plain any
	dec := json.NewDecoder(bytes.NewReader(e.Outputs))
	dec.UseNumber()
	if len(e.Outputs) > 0 {
		if err := dec.Decode(&plain); err != nil {
			diags.AddError("Stage outputs not readable", fmt.Sprintf("%s: %v", e.URI, err))
			return
		}
	}
	if plain == nil {
		m.Outputs = types.DynamicNull()
		return
	}
	m.Outputs = types.DynamicValue(valueOf(plain))
}

// valueOf is the inverse of plainValue, with objects and tuples for what JSON has.
func valueOf(v any) attr.Value {
	switch v := v.(type) {
	case string:
		return types.StringValue(v)
	case bool:
		return types.BoolValue(v)
	case json.Number:
		f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			return types.StringValue(v.String())
		}
		return types.NumberValue(f)
	case []any:
		values, elements := make([]attr.Value, len(v)), make([]attr.Type, len(v))
		for i, e := range v {
			values[i] = valueOf(e)
			elements[i] = values[i].Type(context.Background())
		}
		return types.TupleValueMust(elements, values)
	case map[string]any:
		values, attributes := map[string]attr.Value{}, map[string]attr.Type{}
		for k, e := range v {
			values[k] = valueOf(e)
			attributes[k] = values[k].Type(context.Background())
		}
		return types.ObjectValueMust(attributes, values)
	}
	return types.DynamicNull()
}
