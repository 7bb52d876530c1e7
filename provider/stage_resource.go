package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/stage"
)

var (
	_ resource.ResourceWithConfigure   = (*stageResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*stageResource)(nil)
	_ resource.ResourceWithImportState = (*stageResource)(nil)
	_ resource.ResourceWithIdentity    = (*stageResource)(nil)
)

func newStageResource() resource.Resource { return &stageResource{} }

type stageResource struct{ session *session }

func (r *stageResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *stageResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_stage"
	// A ledger that is known only at apply may turn out to be another one; the entry is written there then.
	resp.ResourceBehavior = resource.ResourceBehavior{MutableIdentity: true}
}

func (r *stageResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("id", "S3 URI of the entry in the ledger.")
}

var stageName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

func (r *stageResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An entry in the ledger of numbered stages: this stage was applied, from these sources. It is refused while the stage before it, as it stands beside this one in the checkout, was not applied; " +
			"in prod, also while dev was not applied from the same sources. Give it a `depends_on` of every resource and module of the stage, so that the entry is written last.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "S3 URI of the entry."},
			"number": schema.Int64Attribute{Required: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()}, Validators: []validator.Int64{int64validator.Between(1, 99)},
				MarkdownDescription: "Number of the stage. Stage 1 has no predecessor."},
			"name": schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{replaceString()}, Validators: []validator.String{stringvalidator.RegexMatches(stageName, "must be lower-case letters, digits and underscores")},
				MarkdownDescription: "Name of the stage, the part of its folder behind the number."},
			"source_dir": schema.StringAttribute{Required: true, MarkdownDescription: "Directory of the stage, `path.module`. Its `.tf` and `.tf.json` files, templates, lock file and local modules are its sources; variable values, state and documents are not."},
			"ledger": schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{s3Location{needsKey: true}}, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "S3 folder of the environment's ledger. Default `<store>/stages/<environment>`. May be known only after apply, in the stage that makes the bucket."},
			"dev_ledger": schema.StringAttribute{Optional: true, Validators: []validator.String{s3Location{needsKey: true}},
				MarkdownDescription: "S3 folder of dev's ledger, only read. Required in prod: dev must have applied this stage from the same sources."},
			"outputs":  schema.DynamicAttribute{Optional: true, MarkdownDescription: "What the stage offers to the next ones, kept in the entry."},
			"evidence": schema.StringAttribute{Optional: true, MarkdownDescription: "The stage's document. It must have its seven sections, none of them empty. An edited document updates the entry in place."},

			"source_sha256":   schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the sources."},
			"evidence_sha256": schema.StringAttribute{Computed: true, MarkdownDescription: "SHA-256 of the document; null without one."},
			"previous":        schema.StringAttribute{Computed: true, MarkdownDescription: "S3 URI of the entry before this one; null for stage 1."},
			"recorded_at":     schema.StringAttribute{Computed: true, MarkdownDescription: "When the entry was written, RFC 3339."},
			"recorded_by":     schema.StringAttribute{Computed: true, MarkdownDescription: "STS ARN of who wrote it."},
			"commit":          schema.StringAttribute{Computed: true, MarkdownDescription: "Git commit of the checkout, recorded when the entry is written."},
			"actor":           schema.StringAttribute{Computed: true, MarkdownDescription: "Who started the workflow (`GITHUB_ACTOR`)."},
			"run_url":         schema.StringAttribute{Computed: true, MarkdownDescription: "URL of the workflow run."},
			"plan_sha256":     schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the applied plan, from `TITANICML_PLAN_SHA256`."},
		},
	}
}

type stageModel struct {
	ID             types.String  `tfsdk:"id"`
	Number         types.Int64   `tfsdk:"number"`
	Name           types.String  `tfsdk:"name"`
	SourceDir      types.String  `tfsdk:"source_dir"`
	Ledger         types.String  `tfsdk:"ledger"`
	DevLedger      types.String  `tfsdk:"dev_ledger"`
	Outputs        types.Dynamic `tfsdk:"outputs"`
	Evidence       types.String  `tfsdk:"evidence"`
	SourceSHA256   types.String  `tfsdk:"source_sha256"`
	EvidenceSHA256 types.String  `tfsdk:"evidence_sha256"`
	Previous       types.String  `tfsdk:"previous"`
	RecordedAt     types.String  `tfsdk:"recorded_at"`
	RecordedBy     types.String  `tfsdk:"recorded_by"`
	Commit         types.String  `tfsdk:"commit"`
	Actor          types.String  `tfsdk:"actor"`
	RunURL         types.String  `tfsdk:"run_url"`
	PlanSHA256     types.String  `tfsdk:"plan_sha256"`
}

func (r *stageResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil {
		return
	}
	if req.Plan.Raw.IsNull() {
		var state stageModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if !resp.Diagnostics.HasError() {
			r.refuseBeforeNext(ctx, &state, &resp.Diagnostics)
		}
		return
	}
	var plan, config stageModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state *stageModel
	if !req.State.Raw.IsNull() {
		state = new(stageModel)
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	}
	plan.Ledger = config.Ledger
	if config.Ledger.IsNull() {
		plan.Ledger = types.StringUnknown()
		if r.session.storeKnown {
			plan.Ledger = types.StringValue(stage.DefaultLedger(r.session.store, r.session.environment).URI())
		}
	}
	if state != nil && !plan.Ledger.IsUnknown() && !plan.Ledger.Equal(state.Ledger) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("ledger"))
	}
	plan.SourceSHA256, plan.EvidenceSHA256 = types.StringUnknown(), types.StringUnknown()
	plan.Previous, plan.ID = types.StringUnknown(), types.StringUnknown()
	if !plan.SourceDir.IsUnknown() && !plan.Evidence.IsUnknown() {
		plan.readSources(&resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() && !plan.SourceDir.IsUnknown() && !plan.Ledger.IsUnknown() && !plan.DevLedger.IsUnknown() {
		r.check(ctx, &plan, true, &resp.Diagnostics)
	}
	if state != nil && state.ID.Equal(plan.ID) && state.SourceSHA256.Equal(plan.SourceSHA256) && state.EvidenceSHA256.Equal(plan.EvidenceSHA256) && state.Outputs.Equal(plan.Outputs) {
		plan.keepRecorded(state)
	} else {
		plan.RecordedAt, plan.RecordedBy, plan.Commit = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
		plan.Actor, plan.RunURL, plan.PlanSHA256 = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// keepRecorded takes over what describes one apply and is never compared.
func (m *stageModel) keepRecorded(o *stageModel) {
	m.RecordedAt, m.RecordedBy, m.Commit, m.Actor, m.RunURL, m.PlanSHA256 = o.RecordedAt, o.RecordedBy, o.Commit, o.Actor, o.RunURL, o.PlanSHA256
}

// readSources digests the stage's files and its document.
func (m *stageModel) readSources(diags *diag.Diagnostics) {
	sources, err := stage.Digest(m.SourceDir.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("source_dir"), "Stage sources not readable", err.Error()+". Give the stage's own directory, path.module.")
		return
	}
	m.SourceSHA256, m.EvidenceSHA256 = types.StringValue(sources.SHA256), types.StringNull()
	if m.Evidence.IsNull() {
		return
	}
	doc, err := stage.ReadDocument(m.Evidence.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("evidence"), "Stage evidence incomplete", err.Error()+". Write the document before applying the stage.")
		return
	}
	m.EvidenceSHA256 = types.StringValue(doc.SHA256)
}

// check holds the stage against the one before it and, in prod, against dev. When planning, a ledger that cannot be read leaves
// the check to apply.
func (r *stageResource) check(ctx context.Context, m *stageModel, planning bool, diags *diag.Diagnostics) {
	c, err := r.session.client(ctx)
	if err == nil {
		err = r.checkLedgers(ctx, c, m, diags)
	}
	if err == nil {
		return
	}
	if planning && sagemaker.IsAccessDenied(err) {
		diags.AddWarning("Stage checked at apply", "The ledger may not be read here: "+sagemaker.Explain(err))
		return
	}
	addError(diags, "Stage ledger not read", err)
}

func (r *stageResource) checkLedgers(ctx context.Context, c *sagemaker.Client, m *stageModel, diags *diag.Diagnostics) error {
	ledger, err := openLedger(c, m.Ledger.ValueString())
	if err != nil {
		return err
	}
	number, name := m.Number.ValueInt64(), m.Name.ValueString()
	m.ID, m.Previous = types.StringValue(ledger.URI(number, name)), types.StringNull()
	if number > 1 {
		previous, err := previousStage(ctx, ledger, m, diags)
		if err != nil {
			return err
		}
		if previous != nil {
			m.Previous = types.StringValue(previous.URI)
		}
	}
	if r.session.environment != "prod" {
		return nil
	}
	if m.DevLedger.IsNull() {
		diags.AddAttributeError(path.Root("dev_ledger"), "Missing dev ledger", "environment = \"prod\" needs dev_ledger, the ledger in which dev recorded this stage. Got none.")
		return nil
	}
	dev, err := openLedger(c, m.DevLedger.ValueString())
	if err != nil {
		return err
	}
	e, err := dev.Read(ctx, number, name)
	switch {
	case err != nil:
		return err
	case e == nil || e.Tombstone:
		diags.AddError("Stage not applied in dev", fmt.Sprintf("Stage %d_%s has no current entry in %s. Apply it in dev first.", number, name, dev.At.URI()))
	case e.SourceSHA256 != m.SourceSHA256.ValueString():
		diags.AddError("Stage differs from dev", fmt.Sprintf("Dev applied %d_%s from sources with sha256 %s, this checkout has %s. Apply these sources in dev first, or check out what dev has (commit %s).",
			number, name, e.SourceSHA256, m.SourceSHA256.ValueString(), orUnknown(e.Commit)))
	}
	return nil
}

// previousStage reads the entry of the stage before and refuses one that is not current.
func previousStage(ctx context.Context, ledger stage.Ledger, m *stageModel, diags *diag.Diagnostics) (*stage.StoredEntry, error) {
	before := m.Number.ValueInt64() - 1
	dir, err := stage.Neighbour(m.SourceDir.ValueString(), before)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		diags.AddError("Previous stage missing", fmt.Sprintf("There is no folder %d_* beside %s. Stages are numbered without gaps.", before, m.SourceDir.ValueString()))
		return nil, nil
	}
	sources, err := stage.Digest(dir)
	if err != nil {
		return nil, err
	}
	e, err := ledger.Find(ctx, before)
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		diags.AddError("Previous stage not applied", fmt.Sprintf("The ledger %s has no entry of stage %d. Apply %s first.", ledger.At.URI(), before, dir))
	case e.Tombstone:
		diags.AddError("Previous stage destroyed", fmt.Sprintf("Stage %d_%s was destroyed on %s. Apply %s first.", before, e.Name, e.RecordedAt.Format("2006-01-02 15:04 MST"), dir))
	case e.SourceSHA256 != sources.SHA256:
		diags.AddError("Previous stage out of date", fmt.Sprintf("Stage %d_%s was applied from sources with sha256 %s, this checkout has %s in %s. Apply %s first.",
			before, e.Name, e.SourceSHA256, sources.SHA256, dir, dir))
	default:
		return e, nil
	}
	return nil, nil
}

func openLedger(c *sagemaker.Client, uri string) (stage.Ledger, error) {
	at, err := sagemaker.ParseLocation(uri)
	return stage.Ledger{Client: c, At: at}, err
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func (r *stageResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan stageModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if r.record(ctx, &plan, &resp.Diagnostics); resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *stageResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan stageModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if r.record(ctx, &plan, &resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// record checks once more and writes the entry.
func (r *stageResource) record(ctx context.Context, m *stageModel, diags *diag.Diagnostics) {
	if diags.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(diags, "Stage not recorded", err)
		return
	}
	planned := m.SourceSHA256
	m.readSources(diags)
	if diags.HasError() {
		return
	}
	if !planned.IsUnknown() && !planned.Equal(m.SourceSHA256) {
		diags.AddAttributeError(path.Root("source_dir"), "Stage changed between plan and apply", fmt.Sprintf("The sources had sha256 %s when planned and have %s now. Plan again.", planned.ValueString(), m.SourceSHA256.ValueString()))
		return
	}
	if m.Ledger.IsUnknown() || m.Ledger.IsNull() {
		m.Ledger = types.StringValue(stage.DefaultLedger(c.Store, r.session.environment).URI())
	}
	if r.check(ctx, m, false, diags); diags.HasError() {
		return
	}
	ledger, err := openLedger(c, m.Ledger.ValueString())
	if err != nil {
		addError(diags, "Stage not recorded", err)
		return
	}
	outputs, err := json.Marshal(plainValue(m.Outputs))
	if err != nil {
		addError(diags, "Stage not recorded", fmt.Errorf("encoding outputs: %w", err))
		return
	}
	who, err := c.Identity(ctx)
	if err != nil {
		addError(diags, "Stage not recorded", err)
		return
	}
	sources, err := stage.Digest(m.SourceDir.ValueString())
	if err != nil {
		addError(diags, "Stage not recorded", err)
		return
	}
	run := stage.ReadRun(ctx, m.SourceDir.ValueString())
	e := stage.Entry{
		Environment: r.session.environment, Number: m.Number.ValueInt64(), Name: m.Name.ValueString(), SourceSHA256: sources.SHA256, SourceFiles: len(sources.Files),
		Outputs: outputs, RecordedAt: r.session.clock().UTC(), RecordedBy: who.ARN, Commit: run.Commit, Actor: run.Actor, RunURL: run.URL, PlanSHA256: run.PlanSHA256,
	}
	if !m.Evidence.IsNull() {
		e.Document = &stage.Document{Path: m.Evidence.ValueString(), SHA256: m.EvidenceSHA256.ValueString()}
	}
	stored, err := ledger.Write(ctx, e)
	if err != nil {
		addError(diags, "Stage not recorded", err)
		return
	}
	m.recorded(stored)
}

// recorded copies what an entry says about its apply.
func (m *stageModel) recorded(e *stage.StoredEntry) {
	m.ID, m.RecordedAt, m.RecordedBy = types.StringValue(e.URI), timeValue(e.RecordedAt), types.StringValue(e.RecordedBy)
	m.Commit, m.Actor, m.RunURL, m.PlanSHA256 = optionalString(e.Commit), optionalString(e.Actor), optionalString(e.RunURL), optionalString(e.PlanSHA256)
}

func (r *stageResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var state stageModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Stage not read", err)
		return
	}
	ledger, err := openLedger(c, state.Ledger.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Stage not read", err)
		return
	}
	e, err := ledger.Read(ctx, state.Number.ValueInt64(), state.Name.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Stage not read", err)
		return
	}
	if e == nil || e.Tombstone {
		resp.State.RemoveResource(ctx)
		return
	}
	state.SourceSHA256, state.EvidenceSHA256 = types.StringValue(e.SourceSHA256), types.StringNull()
	if e.Document != nil {
		state.EvidenceSHA256 = types.StringValue(e.Document.SHA256)
	}
	state.recorded(e)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// refuseBeforeNext refuses to destroy a stage that the next one stands on.
func (r *stageResource) refuseBeforeNext(ctx context.Context, state *stageModel, diags *diag.Diagnostics) {
	c, err := r.session.client(ctx)
	if err != nil {
		addError(diags, "Stage not destroyed", err)
		return
	}
	ledger, err := openLedger(c, state.Ledger.ValueString())
	if err != nil {
		addError(diags, "Stage not destroyed", err)
		return
	}
	next, err := ledger.Find(ctx, state.Number.ValueInt64()+1)
	if err != nil {
		addError(diags, "Stage not destroyed", err)
		return
	}
	if next != nil && !next.Tombstone {
		diags.AddError("Stage still needed", fmt.Sprintf("Stage %d_%s stands on this one (%s, recorded %s). Destroy it first, in reverse order.",
			next.Number, next.Name, next.URI, next.RecordedAt.Format("2006-01-02 15:04 MST")))
	}
}

func (r *stageResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state stageModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.refuseBeforeNext(ctx, &state, &resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Stage not destroyed", err)
		return
	}
	ledger, err := openLedger(c, state.Ledger.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Stage not destroyed", err)
		return
	}
	who, err := c.Identity(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Stage not destroyed", err)
		return
	}
	run := stage.ReadRun(ctx, state.SourceDir.ValueString())
	_, err = ledger.Write(ctx, stage.Entry{
		Environment: r.session.environment, Number: state.Number.ValueInt64(), Name: state.Name.ValueString(), SourceSHA256: state.SourceSHA256.ValueString(), Tombstone: true,
		RecordedAt: r.session.clock().UTC(), RecordedBy: who.ARN, Commit: run.Commit, Actor: run.Actor, RunURL: run.URL, PlanSHA256: run.PlanSHA256,
	})
	if err != nil {
		addError(&resp.Diagnostics, "Stage not destroyed", err)
	}
}

// ImportState takes the URI of an entry.
func (r *stageResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	uri := importID(ctx, req, resp)
	ledger, number, name, ok := stage.ParseURI(uri)
	if !ok {
		resp.Diagnostics.AddError("Stage not imported", fmt.Sprintf("Got %q; expected the URI of an entry, s3://bucket/prefix/stages/ENV/NUMBER_NAME.json.", uri))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), uri)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("ledger"), ledger)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("number"), number)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
}

// plainValue converts a value of any type for JSON; unknown and null become null.
func plainValue(v attr.Value) any {
	if v == nil || v.IsNull() || v.IsUnknown() {
		return nil
	}
	list := func(elements []attr.Value) any {
		out := make([]any, len(elements))
		for i, e := range elements {
			out[i] = plainValue(e)
		}
		return out
	}
	object := func(elements map[string]attr.Value) any {
		out := make(map[string]any, len(elements))
		for k, e := range elements {
			out[k] = plainValue(e)
		}
		return out
	}
	switch v := v.(type) {
	case basetypes.DynamicValue:
		return plainValue(v.UnderlyingValue())
	case basetypes.StringValue:
		return v.ValueString()
	case basetypes.BoolValue:
		return v.ValueBool()
	case basetypes.NumberValue:
		return json.Number(v.ValueBigFloat().Text('f', -1))
	case basetypes.ListValue:
		return list(v.Elements())
	case basetypes.TupleValue:
		return list(v.Elements())
	case basetypes.SetValue:
		return list(v.Elements())
	case basetypes.MapValue:
		return object(v.Elements())
	case basetypes.ObjectValue:
		return object(v.Attributes())
	}
	return nil
}
