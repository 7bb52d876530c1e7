package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ resource.ResourceWithConfigure      = (*promotionResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*promotionResource)(nil)
	_ resource.ResourceWithValidateConfig = (*promotionResource)(nil)
	_ resource.ResourceWithImportState    = (*promotionResource)(nil)
	_ resource.ResourceWithIdentity       = (*promotionResource)(nil)
)

// Values of on_rejection and on_pending, and of status.
const (
	onVerdictFail = "fail"
	onVerdictHold = "hold"

	statusCurrent    = "current"
	statusSuperseded = "superseded"
	statusHeld       = "held"
	statusDryRun     = "dry_run"
	statusDrifted    = "drifted"
	statusWithdrawn  = "approval_withdrawn"
)

func newPromotionResource() resource.Resource { return &promotionResource{} }

type promotionResource struct{ session *session }

func (r *promotionResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *promotionResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_promotion"
}

func (r *promotionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("model_package_group", "Group whose champion is decided on.")
}

func (r *promotionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The gate: makes a model version the champion of its group if every requirement is met, and only then. " +
			"The decision is made at plan when its evidence is readable, so a candidate that is refused fails before anything is touched, with a table of every requirement. " +
			"It is frozen: the same candidate, evidence and rules are decided once, and a second plan is empty. " +
			"Decision record, approval status and champion pointer are written in that order, each safe to repeat. " +
			"Destroying the resource leaves all three.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The model package group."},
			"model_package_group": schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{replaceString()},
				Validators: []validator.String{stringvalidator.RegexMatches(groupName, "must be the name of a model package group, 1 to 63 letters, digits and hyphens")}, MarkdownDescription: "Group whose champion is decided on. A change replaces the resource; every other change updates it."},
			"candidate":  schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the version to promote, `titanicml_model_version.NAME.arn`."},
			"evaluation": schema.StringAttribute{Optional: true, MarkdownDescription: "`titanicml_evaluation.NAME.id`: the evidence. Without it, `candidate` must be a version that was approved before (a rollback), and `reason` says why."},
			"requirements": schema.ListNestedAttribute{Required: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
				MarkdownDescription: "What the candidate has to meet. Each has exactly one of `min`, `max`, `versus_champion` and `max_gap`; all are checked and reported, none is cut short.",
				NestedObject:        schema.NestedAttributeObject{Attributes: requirementAttributes()}},
			"evidence": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "What the evidence itself has to meet.", Attributes: evidenceAttributes()},
			"approval": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Approval by a person, after the requirements are met. It never overrides them.", Attributes: approvalAttributes()},
			"on_rejection": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(onVerdictFail), Validators: []validator.String{stringvalidator.OneOf(onVerdictFail, onVerdictHold)},
				MarkdownDescription: "`fail` (default): a rejection is an error, at plan where possible. `hold`: the rejection is recorded, the champion stays, `decision` is `rejected`."},
			"on_pending": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(onVerdictHold), Validators: []validator.String{stringvalidator.OneOf(onVerdictFail, onVerdictHold)},
				MarkdownDescription: "While a person has not approved: `hold` (default) keeps the champion and succeeds; `fail` makes apply an error. It never fails a plan."},
			"dry_run": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Decide and record, change nothing, never fail. Default `false`."},
			"reason":  schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Why; kept in the record. Required for a rollback."},
			"seed":    schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(0), MarkdownDescription: "Seed of the bootstrap behind the intervals. The same seed and evidence give the same intervals. Default `0`."},

			"decision": schema.StringAttribute{Computed: true, MarkdownDescription: "`approved`, `rejected` or `pending` (waits for a person)."},
			"status": schema.StringAttribute{Computed: true, MarkdownDescription: "`current`: the candidate is the champion by this decision. `superseded`: another valid decision moved the champion since, and it stays. " +
				"`held`: rejected or pending, the champion is as before. `dry_run`. `drifted`: record, pointer or approval was changed from outside; the next apply repairs it. `approval_withdrawn`: a person took their approval back."},
			"checks": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Every requirement, by slice, with what was observed.",
				NestedObject: schema.NestedAttributeObject{Attributes: checkAttributes()}},
			"key":           schema.StringAttribute{Computed: true, MarkdownDescription: "SHA-256 over candidate, evidence digests and rules. The decision stays as it is while this stays."},
			"replaces":      schema.StringAttribute{Computed: true, MarkdownDescription: "Decision that the champion pointer named when this one was made; empty for a first promotion. If it names another at apply, somebody else promoted meanwhile and apply says who."},
			"record":        schema.StringAttribute{Computed: true, MarkdownDescription: "S3 URI of the decision record."},
			"record_sha256": schema.StringAttribute{Computed: true, MarkdownDescription: "SHA-256 of the record, in hex."},
			"serving": schema.SingleNestedAttribute{Computed: true, Attributes: servingAttributes(),
				MarkdownDescription: "The champion after this apply, with its decision, for `titanicml_endpoint`. Null before the first promotion."},
		},
	}
}

func requirementAttributes() map[string]schema.Attribute {
	number := func(text string) schema.Attribute {
		return schema.Float64Attribute{Optional: true, MarkdownDescription: text}
	}
	return map[string]schema.Attribute{
		"metric": schema.StringAttribute{Required: true, MarkdownDescription: "From the predictions: `accuracy`, `balanced_accuracy`, `precision`, `recall`, `specificity`, `f1`, `auc`, `average_precision`, `log_loss`, `brier`, `expected_calibration_error`, `false_positive_rate`, `false_negative_rate`, `positive_rate`; " +
			"for more than two classes `macro_` and `weighted_` `precision`, `recall`, `f1`; for regression `rmse`, `mse`, `mae`, `r2`. Any other name is taken from the report."},
		"min":        number("The metric is at least this."),
		"max":        number("The metric is at most this."),
		"confidence": number("The one-sided bootstrap bound at this confidence has to clear `min`, `max` or `max_gap`, not only the value. Between 0.5 and 0.999."),
		"versus_champion": schema.SingleNestedAttribute{Optional: true,
			MarkdownDescription: "Comparison with the champion on the same examples, from an evaluation with `baseline_group`. Without a champion it is recorded as `first_promotion`. Exactly one of `min_gain` and `max_drop`.",
			Attributes: map[string]schema.Attribute{
				"min_gain":   number("The candidate is better by at least this (for losses: lower by it)."),
				"max_drop":   number("The candidate is worse by at most this: accuracy drops, or log_loss rises, by no more."),
				"relative":   schema.BoolAttribute{Optional: true, MarkdownDescription: "Measure the gain as a share of the champion's value."},
				"confidence": number("The one-sided paired bootstrap bound of the gain has to clear it."),
			}},
		"slice": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Only the examples with this value.",
			Attributes: map[string]schema.Attribute{
				"column": schema.StringAttribute{Required: true, MarkdownDescription: "Column of `predictions.csv`."},
				"value":  schema.StringAttribute{Required: true, MarkdownDescription: "Its value."},
			}},
		"each_slice":         schema.StringAttribute{Optional: true, MarkdownDescription: "Every value of this column has to meet the requirement."},
		"max_gap":            number("The best and the worst slice of `each_slice` differ by at most this."),
		"min_examples":       schema.Int64Attribute{Optional: true, MarkdownDescription: "Examples that each slice needs; fewer fail."},
		"decision_threshold": number("Score from which class 1 is predicted. Default 0.5."),
		"severity":           schema.StringAttribute{Optional: true, MarkdownDescription: "`block` (default) rejects, `warn` only reports."},
	}
}

func evidenceAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"min_examples":                schema.Int64Attribute{Optional: true, MarkdownDescription: "Predictions that are needed at least."},
		"max_age":                     schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{}}, MarkdownDescription: "Age of the evaluation when deciding, such as `24h`. It counts only then: a decision does not go stale."},
		"dataset_sha256":              schema.StringAttribute{Optional: true, MarkdownDescription: "Digest of the data the candidate has to be evaluated on."},
		"leakage_check":               schema.BoolAttribute{Optional: true, MarkdownDescription: "Training and held-out data must differ and share no id. By default checked when the evaluation names its `training_dataset`; `true` also rejects when it does not; `false` never checks."},
		"max_p95_latency_ms":          schema.Float64Attribute{Optional: true, MarkdownDescription: "95th percentile of milliseconds per example, from the evaluation job."},
		"max_training_cost_usd":       schema.Float64Attribute{Optional: true, MarkdownDescription: "Billable hours of the training job times the price of its instances."},
		"training_price_per_hour_usd": schema.Float64Attribute{Optional: true, MarkdownDescription: "Price of one training instance. Default: the list price of the job's region, where one is known: " + gate.TrainingPrices() + ". Without any the requirement fails, asking for this."},
	}
}

func approvalAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"required":              schema.BoolAttribute{Optional: true, MarkdownDescription: "A person sets the model package to `Approved`. Until then `decision` is `pending`. Without it the provider sets the status."},
		"distinct_from_trainer": schema.BoolAttribute{Optional: true, MarkdownDescription: "The approver is neither who registered the version nor who ran its training job. Sessions of assumed roles compare by source identity, else by role and session name; an unknown identity stays pending."},
		"min_age":               schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{}}, MarkdownDescription: "Time that has to pass between registering a version and promoting it, such as `1h`."},
	}
}

func checkAttributes() map[string]schema.Attribute {
	texts := map[string]string{
		"requirement": "The requirement, as a person would say it.", "kind": "`metric`, `evidence` or `approval`.", "metric": "Metric or rule.",
		"slice": "`all`, `column=value`, or the column of a gap.", "examples": "Examples it was computed on.", "observed": "Value, gap, or how much better or worse than the champion: what the requirement bounds.",
		"lower": "One-sided lower confidence bound of `observed`.", "upper": "One-sided upper confidence bound.", "confidence": "Confidence of the bounds; 0.95, for information, where the requirement asks for none.",
		"candidate": "Candidate's value, in a comparison.", "champion": "Champion's value, in a comparison.", "bound": "What is required.",
		"severity": "`block` or `warn`.", "verdict": "`pass`, `fail`, `warn`, `first_promotion`, `skipped` or `pending`.", "reason": "Why.",
	}
	attributes := map[string]schema.Attribute{}
	for name, t := range checkTypes {
		switch t {
		case types.Float64Type:
			attributes[name] = schema.Float64Attribute{Computed: true, MarkdownDescription: texts[name]}
		case types.Int64Type:
			attributes[name] = schema.Int64Attribute{Computed: true, MarkdownDescription: texts[name]}
		default:
			attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: texts[name]}
		}
	}
	return attributes
}

func servingAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{"version": schema.Int64Attribute{Computed: true, MarkdownDescription: servingTexts["version"]}}
	for name := range servingTypes {
		if name != "version" {
			attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: servingTexts[name]}
		}
	}
	return attributes
}

// ValidateConfig finds every mistake in what is known.
func (r *promotionResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m promotionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Evaluation.IsNull() && m.Reason.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("evaluation"), "Missing evaluation",
			"Got neither evaluation nor reason. Give evaluation = titanicml_evaluation.NAME.id to decide on evidence, or reason to go back to a version that was approved before.")
	}
	if !m.Candidate.IsUnknown() && !m.ModelPackageGroup.IsUnknown() {
		checkCandidate(&m, &resp.Diagnostics)
	}
	m.validateRequirements(ctx, &resp.Diagnostics)
	if !hasUnknown(m.Evidence) && !m.Evidence.IsNull() {
		var e evidenceRulesModel
		resp.Diagnostics.Append(m.Evidence.As(ctx, &e, basetypes.ObjectAsOptions{})...)
		addFieldErrors(&resp.Diagnostics, "evidence", rules.ValidateEvidence(e.rules()))
	}
	if !hasUnknown(m.Approval) && !m.Approval.IsNull() {
		var a approvalModel
		resp.Diagnostics.Append(m.Approval.As(ctx, &a, basetypes.ObjectAsOptions{})...)
		addFieldErrors(&resp.Diagnostics, "approval", gate.ValidateApproval(a.rules()))
	}
}

// checkCandidate refuses an ARN that cannot be a version of the group.
func checkCandidate(m *promotionModel, diags *diag.Diagnostics) bool {
	group, _, err := sagemaker.ParsePackageARN(m.Candidate.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("candidate"), "Invalid candidate", fmt.Sprintf("candidate: %v. Give titanicml_model_version.NAME.arn.", err))
		return false
	}
	if want := m.ModelPackageGroup.ValueString(); group != want {
		diags.AddAttributeError(path.Root("candidate"), "Candidate of another group",
			fmt.Sprintf("candidate %s belongs to group %q, expected a version of %q. Give a version of that group, or correct model_package_group.", m.Candidate.ValueString(), group, want))
		return false
	}
	return true
}

// validateRequirements checks the requirements that are wholly known, and all of them together when all are.
func (m *promotionModel) validateRequirements(ctx context.Context, diags *diag.Diagnostics) {
	if m.Requirements.IsUnknown() {
		return
	}
	all := !hasUnknown(m.Requirements)
	var known []rules.Requirement
	for i, element := range m.Requirements.Elements() {
		object, ok := element.(types.Object)
		if !ok || hasUnknown(object) {
			continue
		}
		var q requirementModel
		diags.Append(object.As(ctx, &q, basetypes.ObjectAsOptions{})...)
		known = append(known, q.requirement(ctx, diags))
		if !all {
			for _, e := range rules.ValidateRequirements(known[len(known)-1:]) {
				e.Index = i
				addFieldErrors(diags, "requirements", []rules.FieldError{e})
			}
		}
	}
	if all {
		addFieldErrors(diags, "requirements", rules.ValidateRequirements(known))
	}
}

func addFieldErrors(diags *diag.Diagnostics, root string, errs []rules.FieldError) {
	for _, e := range errs {
		text := e.Error()
		if e.Index < 0 {
			text = root + strings.TrimPrefix(text, "evidence")
		}
		diags.AddAttributeError(fieldPath(root, e), "Invalid gate", sentence(text))
	}
}

// sentence ends a message, unless a question mark does already.
func sentence(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

func splitPath(field string) []string {
	if field == "" {
		return nil
	}
	return strings.Split(field, ".")
}

func sortedKeys(m map[string]attr.Type) []string { return slices.Sorted(maps.Keys(m)) }

func (r *promotionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var group types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("model_package_group"), &group)...)
	resp.Diagnostics.AddWarning("Promotion forgotten, not undone", promotionStays(group.ValueString()))
}

func promotionStays(group string) string {
	return fmt.Sprintf("Destroying the promotion of %q only removes it from state. The group's champion pointer, the approval status and the decision records stay, and an endpoint goes on serving. "+
		"Promote another version to change what is served; destroy the endpoint to stop serving.", group)
}

// ImportState takes over a group's champion with the rules it was decided by.
func (r *promotionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	group := importID(ctx, req, resp)
	if !groupName.MatchString(group) {
		resp.Diagnostics.AddError("Promotion not imported", fmt.Sprintf("Got %q; expected the name of a model package group that has a champion.", group))
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Promotion not imported", err)
		return
	}
	champion, err := decision.ReadChampion(ctx, c, group)
	if err != nil {
		addError(&resp.Diagnostics, "Promotion not imported", err)
		return
	}
	if !champion.Valid() {
		why := "it has no champion pointer"
		if champion.Defect != "" {
			why = champion.Defect
		}
		resp.Diagnostics.AddError("Promotion not imported", fmt.Sprintf("Group %s has no champion to import: %s. Create the promotion instead.", group, why))
		return
	}
	m := importedPromotion(ctx, champion.Record, &resp.Diagnostics)
	keepPrivate(ctx, resp.Private, recordKey, champion.Record.Body, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// importedPromotion rebuilds state from the record that made a champion.
func importedPromotion(ctx context.Context, rec *decision.StoredRecord, diags *diag.Diagnostics) *promotionModel {
	m := &promotionModel{
		ModelPackageGroup: types.StringValue(rec.ModelPackageGroup), Candidate: types.StringValue(rec.ModelPackageARN),
		Evaluation: types.StringNull(), OnRejection: types.StringValue(onVerdictFail), OnPending: types.StringValue(onVerdictHold),
		DryRun: types.BoolValue(false), Reason: optionalString(rec.Reason), Seed: types.Int64Value(rec.Seed),
		Evidence: types.ObjectNull(evidenceRulesTypes), Approval: types.ObjectNull(approvalTypes),
	}
	if rec.Kind == decision.KindPromotion && rec.Evaluation != nil {
		m.Evaluation = types.StringValue(rec.Evaluation.Name)
	}
	var requirements []requirementModel
	for _, q := range rec.Requirements {
		requirements = append(requirements, requirementValue(ctx, q, diags))
	}
	list, d := types.ListValueFrom(ctx, types.ObjectType{AttrTypes: requirementTypes}, requirements)
	diags.Append(d...)
	m.Requirements = list
	if e := rec.Evidence; e != (rules.Evidence{}) {
		o, d := types.ObjectValueFrom(ctx, evidenceRulesTypes, evidenceRulesModel{
			MinExamples: types.Int64PointerValue(e.MinExamples), MaxAge: durationOf(e.MaxAge), DatasetSHA256: optionalString(e.DatasetSHA256),
			LeakageCheck: types.BoolPointerValue(e.Leakage), MaxP95LatencyMS: types.Float64PointerValue(e.MaxP95LatencyMS),
			MaxTrainingCostUSD: types.Float64PointerValue(e.MaxTrainingCostUSD), TrainingPricePerHourUSD: types.Float64PointerValue(e.TrainingPricePerHourUSD)})
		diags.Append(d...)
		m.Evidence = o
	}
	if a := rec.ApprovalRules; a != (gate.ApprovalRules{}) {
		o, d := types.ObjectValueFrom(ctx, approvalTypes, approvalModel{Required: types.BoolValue(a.Required),
			DistinctFromTrainer: types.BoolValue(a.DistinctFromTrainer), MinAge: durationOf(a.MinAge)})
		diags.Append(d...)
		m.Approval = o
	}
	m.decided(ctx, rec, diags)
	m.Status = types.StringValue(statusCurrent)
	m.Serving = servingBy(rec).object(ctx, diags)
	return m
}
