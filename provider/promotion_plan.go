package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// undecided marks everything a decision gives as unknown.
func (m *promotionModel) undecided() {
	m.Decision, m.Status, m.Key, m.Replaces = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Record, m.RecordSHA256 = types.StringUnknown(), types.StringUnknown()
	m.Checks, m.Serving = types.ListUnknown(checkListType), types.ObjectUnknown(servingTypes)
}

// keep takes over what was decided.
func (m *promotionModel) keep(state *promotionModel) {
	m.Decision, m.Status, m.Key, m.Replaces = state.Decision, state.Status, state.Key, state.Replaces
	m.Record, m.RecordSHA256, m.Checks, m.Serving = state.Record, state.RecordSHA256, state.Checks, state.Serving
}

// decided takes over what a record says.
func (m *promotionModel) decided(ctx context.Context, rec *decision.StoredRecord, diags *diag.Diagnostics) {
	m.ID = m.ModelPackageGroup
	m.Decision, m.Key, m.Replaces = types.StringValue(string(rec.Outcome)), types.StringValue(rec.Key), types.StringValue(rec.Replaces)
	m.Record, m.RecordSHA256 = types.StringValue(rec.File.URI), types.StringValue(rec.File.SHA256)
	m.Checks = checksValue(ctx, rec.Checks, diags)
}

func (r *promotionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var group types.String
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("model_package_group"), &group)...)
		resp.Diagnostics.AddWarning("Promotion will be forgotten, not undone", promotionStays(group.ValueString()))
		return
	}
	if r.session == nil {
		return
	}
	var plan promotionModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	var state *promotionModel
	if !req.State.Raw.IsNull() {
		state = new(promotionModel)
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
		if plan.ModelPackageGroup.IsUnknown() || !state.ModelPackageGroup.Equal(plan.ModelPackageGroup) {
			state = nil // will be replaced: another group, another decision
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	p := planner{r: r, plan: &plan, state: state, diags: &resp.Diagnostics}
	if state != nil {
		p.record, _ = req.Private.GetKey(ctx, recordKey)
		seen, _ := req.Private.GetKey(ctx, seenKey)
		p.seen = fromPrivate(seen)
	}
	plan.ID = plan.ModelPackageGroup
	p.run(ctx)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// planner decides what a plan can say. It only reads.
type planner struct {
	r     *promotionResource
	plan  *promotionModel
	state *promotionModel // nil on create and replace
	// record holds the bytes of the state's decision record.
	record []byte
	// seen is the approval that the refresh saw, while the decision is pending.
	seen  string
	diags *diag.Diagnostics
}

func (p *planner) run(ctx context.Context) {
	if unknown := p.plan.firstUnknown(ctx); unknown != "" {
		p.later(fmt.Sprintf("%s is known only after apply, so the gate decides then.", unknown))
		return
	}
	request := p.plan.request(ctx, p.diags)
	if p.diags.HasError() || !checkCandidate(p.plan, p.diags) {
		return
	}
	c, err := p.r.session.client(ctx)
	if err != nil {
		p.unreadable(ctx, err)
		return
	}
	in, err := decision.ReadInputs(ctx, c, request)
	switch {
	case sagemaker.IsNotFound(err) && p.frozenRequest(ctx):
		p.gone(fmt.Sprintf("Model package %s does not exist any more.", request.Candidate))
		return
	case sagemaker.IsNotFound(err):
		p.diags.AddAttributeError(path.Root("candidate"), "Candidate does not exist",
			fmt.Sprintf("There is no model package %s. Register the version with titanicml_model_version and give its arn.", request.Candidate))
		return
	case err != nil:
		p.unreadable(ctx, err)
		return
	}
	if in.EvidenceGone && p.frozenRequest(ctx) {
		p.gone(fmt.Sprintf("The evidence %s does not exist any more.", in.DocumentFile.URI))
		return
	}
	key, err := in.Key()
	if err != nil {
		addError(p.diags, "Promotion not planned", err)
		return
	}
	if p.frozen(key) {
		p.keepDecision(ctx, in)
		return
	}
	if p.state == nil || !p.state.Candidate.Equal(p.plan.Candidate) {
		// S3 is the authority: what was decided by an apply that lost its state is not decided again.
		rec, err := in.Adopt(ctx, c, key)
		if err != nil {
			p.unreadable(ctx, err)
			return
		}
		if rec != nil && !request.DryRun {
			p.plan.decided(ctx, rec, p.diags)
			p.plan.Status, p.plan.Serving = types.StringValue(statusCurrent), servingBy(rec).object(ctx, p.diags)
			return
		}
	}
	p.decide(ctx, c, in)
}

// frozenRequest says whether the state holds a final decision on the very configuration of this plan.
func (p *planner) frozenRequest(ctx context.Context) bool {
	return p.state != nil && p.state.sameRequest(ctx, p.plan) && p.final()
}

// frozen says whether the state holds a final decision under this key.
func (p *planner) frozen(key string) bool {
	return p.state != nil && p.state.Key.ValueString() == key && p.final()
}

// final is false while a person has to approve, and for a rejection that was held and now has to fail.
func (p *planner) final() bool {
	switch gate.Outcome(p.state.Decision.ValueString()) {
	case gate.Approved:
		return true
	case gate.Rejected:
		return p.plan.OnRejection.ValueString() == onVerdictHold || p.plan.DryRun.ValueBool()
	}
	return false
}

func (p *planner) later(why string) {
	p.plan.undecided()
	p.diags.AddWarning("Promotion decided at apply", why+" A rejection will then "+p.consequence()+".")
}

func (p *planner) consequence() string {
	switch {
	case p.plan.DryRun.ValueBool():
		return "only be recorded, as this is a dry run"
	case p.plan.OnRejection.ValueString() == onVerdictHold:
		return "be recorded and leave the champion as it is"
	}
	return "fail the apply before the champion or the endpoint changes"
}

// unreadable keeps a frozen decision, else leaves it to apply.
func (p *planner) unreadable(ctx context.Context, err error) {
	if p.frozenRequest(ctx) {
		p.plan.keep(p.state)
		p.diags.AddWarning("Decision kept unchecked", "It could not be compared with the store: "+sagemaker.Explain(err))
		return
	}
	p.later("The evidence could not be read while planning: " + sagemaker.Explain(err) + "\n")
}

func (p *planner) gone(what string) {
	p.plan.keep(p.state)
	p.diags.AddWarning("Evidence of a decision is gone", what+" The decision stays as it was recorded in "+p.state.Record.ValueString()+".")
}

// keepDecision plans no change for a frozen decision, or the repair of its effects.
func (p *planner) keepDecision(ctx context.Context, in *decision.Inputs) {
	p.plan.keep(p.state)
	switch p.state.Status.ValueString() {
	case statusWithdrawn:
		p.diags.AddWarning("Approval withdrawn", fmt.Sprintf("Model package %s is %s, although it was approved and is the champion. Nothing is changed: "+
			"approve it again, or promote another version.", p.plan.Candidate.ValueString(), in.Package.Approval))
	case statusDrifted:
		rec, err := decision.Decode(p.record)
		if err != nil {
			// No copy of the record is at hand: decide again, on the same evidence.
			p.plan.undecided()
			p.diags.AddWarning("Promotion decided again at apply", "Its decision record is missing and state has no copy of it.")
			return
		}
		p.plan.Status = types.StringValue(statusHeld)
		if rec.Allows() {
			p.plan.Status = types.StringValue(statusCurrent)
			p.plan.Serving = servingBy(p.stored(rec)).object(ctx, p.diags)
		}
	}
}

func (p *planner) stored(rec *decision.Record) *decision.StoredRecord {
	s := &decision.StoredRecord{Record: *rec}
	s.File.URI, s.File.SHA256 = p.state.Record.ValueString(), p.state.RecordSHA256.ValueString()
	return s
}

// decide runs the gate.
func (p *planner) decide(ctx context.Context, c *sagemaker.Client, in *decision.Inputs) {
	if p.changedSinceRefresh(ctx, in) {
		return
	}
	ruling, err := in.Rule(ctx, c, p.r.session.clock())
	if err != nil {
		p.unreadable(ctx, err)
		return
	}
	if refuses(p.plan, ruling) {
		addRejection(p.diags, p.plan, ruling, "Nothing was changed: champion and endpoint are as before.")
		return
	}
	plan := p.plan
	plan.Decision, plan.Key = types.StringValue(string(ruling.Outcome)), types.StringValue(ruling.Key)
	plan.Checks = checksValue(ctx, ruling.Checks, p.diags)
	plan.Replaces = types.StringValue(in.Champion.Decision())
	if s := p.state; s != nil && ruling.Outcome == gate.Pending && s.Decision.Equal(plan.Decision) && s.Key.Equal(plan.Key) &&
		sameChecks(ctx, s.Checks, ruling.Checks, p.diags) && s.Replaces.Equal(plan.Replaces) && s.Status.ValueString() == statusHeld {
		plan.keep(s) // still waiting
		p.waiting(ruling)
		return
	}
	plan.Record, plan.RecordSHA256 = types.StringUnknown(), types.StringUnknown()
	plan.Status = types.StringValue(p.statusAfter(ruling))
	plan.Serving = servingOf(in.Champion).object(ctx, p.diags)
	if plan.Status.ValueString() == statusCurrent {
		rec := in.Record(ruling, time.Time{}, "", "")
		serving := servingBy(&decision.StoredRecord{Record: *rec}).object(ctx, p.diags)
		attributes := map[string]attr.Value{}
		for k, v := range serving.Attributes() {
			attributes[k] = v
		}
		// The record holds the time of the apply, so its digest is not known yet.
		attributes["decision_uri"], attributes["decision_sha256"] = types.StringUnknown(), types.StringUnknown()
		plan.Serving = types.ObjectValueMust(servingTypes, attributes)
	}
	if ruling.Outcome == gate.Pending {
		p.waiting(ruling)
	}
	if ruling.Outcome == gate.Rejected {
		p.diags.AddWarning("Promotion rejected by its gate", gate.Table(ruling.Checks)+"\n"+ruling.Decision().Summary()+". The rejection will "+p.consequence()+".")
	}
}

// changedSinceRefresh refuses to plan on what others changed after this state was refreshed. Terraform plans once more while it
// applies, from the same refreshed state, and calls a provider that then answers differently buggy; this says what happened.
func (p *planner) changedSinceRefresh(ctx context.Context, in *decision.Inputs) bool {
	if p.state == nil {
		if in.Champion.Valid() {
			p.diags.AddWarning("Another promotion's champion will be replaced", fmt.Sprintf("The champion of %s is %s, decided elsewhere. "+
				"If this apply ends in an \"inconsistent final plan\", that promotion won after the plan was made: plan again to decide against it.", in.Request.Group, in.Winner()))
		}
		return false
	}
	serving := servingFrom(ctx, p.state.Serving, p.diags)
	refreshed := ""
	if serving != nil {
		refreshed = serving.DecisionURI.ValueString()
	}
	if now := in.Champion.Decision(); now != refreshed {
		p.diags.AddError("Champion moved since the plan", fmt.Sprintf("Group %s was planned with %s; its champion now is %s. Nothing was changed. Plan again to decide against that champion.",
			in.Request.Group, orNone(refreshed), in.Winner()))
		return true
	}
	if now := seenApproval(in.Package); p.seen != "" && p.state.Decision.ValueString() == string(gate.Pending) && p.state.Candidate.Equal(p.plan.Candidate) && p.seen != now {
		p.diags.AddError("Approval changed since the plan", fmt.Sprintf("Model package %s was %s when planned and is %s now. Nothing was changed. Plan again to decide on it.",
			in.Request.Candidate, p.seen, now))
		return true
	}
	return false
}

func (p *planner) waiting(ruling *decision.Ruling) {
	p.diags.AddWarning("Promotion waits for approval", ruling.Approval.Reason+". The candidate meets its requirements; the champion stays until it is approved.")
}

// statusAfter is the status once a ruling has had its effect.
func (p *planner) statusAfter(ruling *decision.Ruling) string {
	switch {
	case p.plan.DryRun.ValueBool():
		return statusDryRun
	case ruling.Outcome != gate.Approved:
		return statusHeld
	case p.state.staysSuperseded(p.plan):
		return statusSuperseded
	}
	return statusCurrent
}

// staysSuperseded says that another decision moved the pointer and this one must not take it back: only another candidate may.
func (m *promotionModel) staysSuperseded(plan *promotionModel) bool {
	return m != nil && m.Status.ValueString() == statusSuperseded && m.Candidate.Equal(plan.Candidate)
}

// refuses says whether a ruling is an error.
func refuses(plan *promotionModel, ruling *decision.Ruling) bool {
	return ruling.Outcome == gate.Rejected && plan.OnRejection.ValueString() != onVerdictHold && !plan.DryRun.ValueBool()
}

// addRejection reports the whole table.
func addRejection(diags *diag.Diagnostics, plan *promotionModel, ruling *decision.Ruling, effect string) {
	d := ruling.Decision()
	diags.AddError("Promotion rejected by its gate", fmt.Sprintf("%s was refused for group %s: %s.\n\n%s\n%s\n"+
		"Next: improve the candidate and evaluate it again; or, if a bound is wrong, change it in requirements, where a review sees it; or set on_rejection = \"hold\" to record the rejection and go on with the present champion.",
		plan.Candidate.ValueString(), plan.ModelPackageGroup.ValueString(), d.Summary(), gate.Table(ruling.Checks), effect))
}

func orNone(decision string) string {
	if decision == "" {
		return "no champion"
	}
	return decision
}
