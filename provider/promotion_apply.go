package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// recordKey holds the bytes of the decision record in private state, so that a deleted one can be brought back as it was.
const recordKey = "record"

// seenKey holds, while a decision is pending, the approval that the last refresh saw.
const seenKey = "seen_approval"

func (r *promotionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan promotionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if body := r.apply(ctx, &plan, nil, nil, &resp.Diagnostics); body != nil {
		keepPrivate(ctx, resp.Private, recordKey, body, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		// What was written is in S3, which the next plan reads; a tainted resource would say less.
		resp.State.RemoveResource(ctx)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *promotionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan, state promotionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	copied, d := req.Private.GetKey(ctx, recordKey)
	resp.Diagnostics.Append(d...)
	if resp.Diagnostics.HasError() {
		return
	}
	body := r.apply(ctx, &plan, &state, copied, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return // state and private state stay as they were
	}
	if body != nil {
		keepPrivate(ctx, resp.Private, recordKey, body, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// apply completes a plan and returns the bytes of the record behind it, nil when they did not change.
func (r *promotionResource) apply(ctx context.Context, plan, state *promotionModel, copied []byte, diags *diag.Diagnostics) []byte {
	plan.ID = plan.ModelPackageGroup
	if !checkCandidate(plan, diags) {
		return nil
	}
	if !plan.Record.IsUnknown() && state != nil && state.Record.Equal(plan.Record) && state.Status.Equal(plan.Status) {
		return nil // decided before; only settings such as on_rejection changed
	}
	request := plan.request(ctx, diags)
	c, err := r.session.client(ctx)
	if err != nil {
		addError(diags, "Promotion not applied", err)
	}
	if diags.HasError() {
		return nil
	}
	in, err := decision.ReadInputs(ctx, c, request)
	if err != nil {
		addError(diags, "Promotion not applied", err)
		return nil
	}
	var rec *decision.StoredRecord
	if plan.Record.IsUnknown() {
		rec = r.decide(ctx, c, in, plan, diags)
	} else {
		rec = r.recorded(ctx, c, in, plan, copied, diags)
	}
	if diags.HasError() {
		return nil
	}
	hold := state.staysSuperseded(plan)
	if err := in.Effect(ctx, c, rec, hold); err != nil {
		r.lost(ctx, c, in, err, diags)
		return nil
	}
	r.finish(ctx, c, plan, rec, in.Champion, hold, diags)
	return rec.Body
}

// decide makes the decision again and holds it against the plan.
func (r *promotionResource) decide(ctx context.Context, c *sagemaker.Client, in *decision.Inputs, plan *promotionModel, diags *diag.Diagnostics) *decision.StoredRecord {
	key, err := in.Key()
	if err != nil {
		addError(diags, "Promotion not decided", err)
		return nil
	}
	if !plan.Key.IsUnknown() && key != plan.Key.ValueString() {
		diags.AddError("Evidence changed since the plan", "Candidate, evaluation or baseline have other digests than when the plan was made. Nothing was changed. Plan again to see the decision on what is there now.")
		return nil
	}
	if !plan.Replaces.IsUnknown() && in.Champion.Decision() != plan.Replaces.ValueString() {
		movedMeanwhile(in, plan, diags)
		return nil
	}
	now := r.session.clock()
	if plan.Key.IsUnknown() {
		// Nothing was decided at plan; an apply that was killed may have done so.
		adopted, err := in.Adopt(ctx, c, key)
		if err != nil {
			addError(diags, "Promotion not decided", err)
			return nil
		}
		if adopted != nil && !in.Request.DryRun {
			return adopted
		}
	}
	ruling, err := in.Rule(ctx, c, now)
	if err != nil {
		addError(diags, "Promotion not decided", err)
		return nil
	}
	if !plan.Decision.IsUnknown() {
		if planned := plan.Decision.ValueString(); planned != string(ruling.Outcome) || !sameChecks(ctx, plan.Checks, ruling.Checks, diags) {
			diags.AddError("Decision differs from the plan", fmt.Sprintf("The plan said %s, the gate now says %s:\n\n%s\nNothing was changed. Plan again to see the decision on what is there now.",
				planned, ruling.Outcome, gate.Table(ruling.Checks)))
			return nil
		}
	}
	who, err := c.Identity(ctx)
	if err != nil {
		addError(diags, "Promotion not decided", err)
		return nil
	}
	rec, err := in.Commit(ctx, c, in.Record(ruling, now, who.ARN, r.session.version))
	if err != nil {
		addError(diags, "Decision not recorded", err)
		return nil
	}
	if refuses(plan, ruling) {
		addRejection(diags, plan, ruling, "Champion and endpoint are as before. The decision is recorded in "+rec.File.URI+".")
	}
	if ruling.Outcome == gate.Pending && plan.OnPending.ValueString() == onVerdictFail && !plan.DryRun.ValueBool() {
		diags.AddError("Promotion waits for approval", fmt.Sprintf("%s. The candidate meets its requirements (%s).\n%s\nThen apply again, or set on_pending = \"hold\" to go on with the present champion until then.",
			ruling.Approval.Reason, rec.File.URI, approveHint(c, plan)))
	}
	return rec
}

// recorded brings back the record of a decision that was made before.
func (r *promotionResource) recorded(ctx context.Context, c *sagemaker.Client, in *decision.Inputs, plan *promotionModel, copied []byte, diags *diag.Diagnostics) *decision.StoredRecord {
	rec, err := decision.Read(ctx, c, plan.Record.ValueString(), plan.RecordSHA256.ValueString())
	if sagemaker.IsNotFound(err) && len(copied) > 0 {
		rec, err = decision.Restore(ctx, c, copied)
		if err == nil && rec.File.URI != plan.Record.ValueString() {
			err = fmt.Errorf("the copy in state is of %s, not of %s", rec.File.URI, plan.Record.ValueString())
		}
	}
	var tampered *decision.TamperedError
	if errors.As(err, &tampered) {
		diags.AddError("Decision record tampered with", fmt.Sprintf("%v. Nothing was changed. Find out who wrote it, delete the object, and apply again: the record is restored from state.", err))
		return nil
	}
	if err != nil {
		addError(diags, "Decision record not restored", err)
		return nil
	}
	if rec.Allows() && in.Champion.Valid() && in.Champion.Decision() != rec.File.URI && in.Champion.Decision() != rec.Replaces {
		movedMeanwhile(in, plan, diags)
		return nil
	}
	return rec
}

func movedMeanwhile(in *decision.Inputs, plan *promotionModel, diags *diag.Diagnostics) {
	diags.AddError("Champion moved since the plan", fmt.Sprintf("Group %s was planned with %s; its champion now is %s. Nothing was changed. Plan again to decide against that champion.",
		plan.ModelPackageGroup.ValueString(), orNone(plan.Replaces.ValueString()), in.Winner()))
}

// lost reports a failed effect, naming the winner where another promotion was faster.
func (r *promotionResource) lost(ctx context.Context, c *sagemaker.Client, in *decision.Inputs, err error, diags *diag.Diagnostics) {
	var conflict *sagemaker.ConflictError
	if !errors.As(err, &conflict) {
		addError(diags, "Promotion not completed", fmt.Errorf("%w. The decision is recorded; apply again to go on", err))
		return
	}
	winner := "unknown"
	if now, err := decision.ReadChampion(ctx, c, in.Request.Group); err == nil {
		in.Champion = now
		winner = in.Winner()
	}
	diags.AddError("Another promotion won", fmt.Sprintf("While this apply ran, the champion of %s was moved by another one: it is %s. "+
		"This candidate was not promoted. Plan again to decide against that champion.", in.Request.Group, winner))
}

// finish fills in status and serving from what the effects left. It does not read the pointer again: what others do after
// this apply belongs to the next plan.
func (r *promotionResource) finish(ctx context.Context, c *sagemaker.Client, plan *promotionModel, rec *decision.StoredRecord, champion *decision.Champion, hold bool, diags *diag.Diagnostics) {
	plan.decided(ctx, rec, diags)
	plan.Serving = servingOf(champion).object(ctx, diags)
	switch {
	case rec.DryRun:
		plan.Status = tftypes.StringValue(statusDryRun)
	case rec.Outcome != gate.Approved:
		plan.Status = tftypes.StringValue(statusHeld)
	case hold:
		plan.Status = tftypes.StringValue(statusSuperseded)
	default:
		plan.Status = tftypes.StringValue(statusCurrent)
		plan.Serving = servingBy(rec).object(ctx, diags)
	}
	if rec.Outcome == gate.Pending && !rec.DryRun {
		diags.AddWarning("Promotion waits for approval", rec.Approval.Reason+". "+approveHint(c, plan)+" Then apply again.")
	}
}

// approveHint is the command that approves.
func approveHint(c *sagemaker.Client, plan *promotionModel) string {
	arn := plan.Candidate.ValueString()
	if c.Local {
		return fmt.Sprintf("To approve as somebody else than the trainer:\n  titanicml-local approve --data-dir %s --as NAME %s\n", c.DataDir, arn)
	}
	return fmt.Sprintf("To approve:\n  aws sagemaker update-model-package --model-package-arn %s --model-approval-status Approved\n", arn)
}

func (r *promotionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var state promotionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Promotion not read", err)
		return
	}
	champion, err := decision.ReadChampion(ctx, c, state.ModelPackageGroup.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Champion not read", err)
		return
	}
	state.Serving = servingOf(champion).object(ctx, &resp.Diagnostics)
	status, why, err := r.observe(ctx, c, &state, champion)
	if err != nil {
		addError(&resp.Diagnostics, "Promotion not read", err)
		return
	}
	if why != "" && status == statusDrifted {
		resp.Diagnostics.AddWarning("Promotion changed outside Terraform", why+". The next apply repairs it.")
	}
	if why != "" && status == statusSuperseded {
		// A gap in the pointer is no reason to serve an older version again.
		resp.Diagnostics.AddWarning("Champion pointer not valid", why+". This promotion was superseded and does not take the pointer back. "+
			"Apply the promotion that superseded it, which repairs the pointer; or promote a candidate anew.")
	}
	if why != "" && status == statusHeld {
		resp.Diagnostics.AddWarning("Champion pointer not valid", why+". Nothing is promoted over it unseen, and an endpoint that asks for this champion is not changed. "+
			"This promotion is held and does not repair it. "+pointerRemedy(c, state.ModelPackageGroup.ValueString()))
	}
	state.Status = tftypes.StringValue(status)
	if state.Decision.ValueString() == string(gate.Pending) {
		p, err := c.DescribePackage(ctx, state.Candidate.ValueString())
		if err == nil {
			keepPrivate(ctx, resp.Private, seenKey, privateText(seenApproval(p)), &resp.Diagnostics)
		} else if !sagemaker.IsNotFound(err) {
			addError(&resp.Diagnostics, "Approval not read", err)
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// pointerRemedy says what to do about a champion pointer that is not believed.
func pointerRemedy(c *sagemaker.Client, group string) string {
	return "Apply the promotion that decided on the champion, with the candidate that it decided on, to repair the pointer. " +
		"If no configuration holds that promotion any more, delete " + decision.PointerURI(c.Store, group) + ": the group has no champion then, and the next promotion is its first."
}

// seenApproval describes a version's approval, to notice when it changes between plan and apply.
func seenApproval(p *sagemaker.Package) string {
	by := ""
	if p.ModifiedBy != nil && p.ModifiedBy.IamIdentity != nil {
		by = aws.ToString(p.ModifiedBy.IamIdentity.Arn)
	}
	return string(p.Approval) + " by " + by
}

// observe says what became of a decision's effects, and why when they were changed.
func (r *promotionResource) observe(ctx context.Context, c *sagemaker.Client, state *promotionModel, champion *decision.Champion) (status, why string, err error) {
	rec, err := decision.Read(ctx, c, state.Record.ValueString(), state.RecordSHA256.ValueString())
	var tampered *decision.TamperedError
	switch {
	case sagemaker.IsNotFound(err):
		return statusDrifted, fmt.Sprintf("decision record %s was deleted", state.Record.ValueString()), nil
	case errors.As(err, &tampered):
		return statusDrifted, "decision record " + err.Error(), nil
	case err != nil:
		return "", "", err
	}
	if rec.DryRun {
		return statusDryRun, "", nil
	}
	if !rec.Allows() {
		return statusHeld, champion.Defect, nil
	}
	if champion.Valid() && champion.Decision() != rec.File.URI {
		return statusSuperseded, "", nil
	}
	if !champion.Valid() {
		why := "the champion pointer of " + rec.ModelPackageGroup + " was deleted"
		if champion.Defect != "" {
			why = champion.Defect
		}
		if state.Status.ValueString() == statusSuperseded {
			return statusSuperseded, why, nil
		}
		return statusDrifted, why, nil
	}
	p, err := c.DescribePackage(ctx, rec.ModelPackageARN)
	switch {
	case sagemaker.IsNotFound(err):
		return statusCurrent, "", nil // the endpoint goes on; ModifyPlan warns
	case err != nil:
		return "", "", err
	case p.Approval == types.ModelApprovalStatusApproved:
		return statusCurrent, "", nil
	case rec.ApprovalRules.Required:
		return statusWithdrawn, "", nil
	}
	return statusDrifted, fmt.Sprintf("the approval status of %s was changed to %s", rec.ModelPackageARN, p.Approval), nil
}
