package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ action.ActionWithConfigure  = (*rollbackAction)(nil)
	_ action.ActionWithModifyPlan = (*rollbackAction)(nil)
)

func newRollbackAction() action.Action { return &rollbackAction{} }

type rollbackAction struct{ session *session }

func (a *rollbackAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (a *rollbackAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "titanicml_rollback"
}

func (a *rollbackAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Makes an earlier champion the champion of its group again, through the gate. The version must have an approved decision whose evidence and artifact still have the digests " +
			"it was made on, and it must meet the rules in force, those of the present champion's decision; `max_age` and requirements relative to the champion do not count, and are recorded as skipped. " +
			"A version that is refused changes nothing. A decision record of kind `rollback` is written, then the pointer moves, unless another promotion was faster.\n\n" +
			"An endpoint follows with the next `terraform apply`: its promotion then shows `status = \"superseded\"` and serves what the pointer names, until `candidate` changes. " +
			"To judge the earlier version by other rules, give it to `titanicml_promotion` with a `reason`, where a review sees them.",
		Attributes: map[string]schema.Attribute{
			"model_package_group": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.RegexMatches(groupName, "must be the name of a model package group, 1 to 63 letters, digits and hyphens")},
				MarkdownDescription: "Group whose champion goes back."},
			"version": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "Number of the version to go back to. Default: the champion before the present one; required when the present one is champion by a rollback itself, " +
					"so that invoking the action twice does not end where it began."},
			"reason": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Why; kept in the record."},
		},
	}
}

type rollbackModel struct {
	ModelPackageGroup types.String `tfsdk:"model_package_group"`
	Version           types.Int64  `tfsdk:"version"`
	Reason            types.String `tfsdk:"reason"`
}

// ModifyPlan refuses while planning what would be refused when invoked; it records nothing.
func (a *rollbackAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var m rollbackModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || a.session == nil || m.ModelPackageGroup.IsUnknown() || m.Version.IsUnknown() || m.Reason.IsUnknown() {
		return
	}
	if c, err := a.session.client(ctx); err != nil {
		addError(&resp.Diagnostics, rollbackRefused, err)
	} else {
		a.decide(ctx, c, &m, &resp.Diagnostics)
	}
}

const rollbackRefused = "Rollback refused"

// decide returns an approved way back; nil when it was refused or the version is the champion already.
func (a *rollbackAction) decide(ctx context.Context, c *sagemaker.Client, m *rollbackModel, diags *diag.Diagnostics) *decision.Rollback {
	back, err := decision.DecideRollback(ctx, c, decision.RollbackRequest{
		Group: m.ModelPackageGroup.ValueString(), Version: m.Version.ValueInt64(), Reason: m.Reason.ValueString()}, a.session.clock())
	if err != nil {
		diags.AddError(rollbackRefused, sagemaker.Explain(err)+".")
		return nil
	}
	if back.Done {
		return back
	}
	from, to := back.Champion.Pointer, back.Package
	switch back.Ruling.Outcome {
	case gate.Approved:
		return back
	case gate.Pending:
		diags.AddError(rollbackRefused, fmt.Sprintf("Version %d of %s waits for approval: %s. Nothing was changed: version %d is the champion.\n%s\nThen invoke the action again.",
			to.Version, to.Group, back.Ruling.Approval.Reason, from.Version, approveHint(c, &promotionModel{Candidate: types.StringValue(to.ARN)})))
	default:
		d := back.Ruling.Decision()
		diags.AddError(rollbackRefused, fmt.Sprintf("Version %d of %s was refused under the rules in force, those of %s: %s.\n\n%s\nNothing was changed: version %d is the champion.\n"+
			"Next: give another version; or, if these rules do not fit this version, give it to titanicml_promotion as candidate, with a reason and its own requirements.",
			to.Version, to.Group, from.DecisionURI, d.Summary(), gate.Table(back.Ruling.Checks), from.Version))
	}
	return nil
}

// Invoke decides again, records the decision and moves the pointer.
func (a *rollbackAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var m rollbackModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := a.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, rollbackRefused, err)
		return
	}
	back := a.decide(ctx, c, &m, &resp.Diagnostics)
	if back == nil {
		return
	}
	progress := func(format string, args ...any) {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, args...)})
	}
	from, to := back.Champion.Pointer, back.Package
	if back.Done {
		progress("version %d of %s is the champion already (%s)", to.Version, to.Group, from.DecisionURI)
		return
	}
	progress("version %d of %s meets the rules in force: %s", to.Version, to.Group, back.Ruling.Decision().Summary())
	rec, err := back.CarryOut(ctx, c, a.session.clock(), a.session.version)
	var conflict *sagemaker.ConflictError
	switch {
	case errors.As(err, &conflict):
		winner := "unknown"
		if now, err := decision.ReadChampion(ctx, c, to.Group); err == nil {
			back.Champion = now
			winner = back.Winner()
		}
		resp.Diagnostics.AddError("Another promotion won", fmt.Sprintf("While this rollback ran, the champion of %s was moved: it is %s. Version %d was not promoted. Look at that champion before going back.",
			to.Group, winner, to.Version))
	case err != nil:
		addError(&resp.Diagnostics, "Rollback not completed", fmt.Errorf("%w. Invoke the action again to go on", err))
	default:
		progress("version %d replaces version %d as the champion of %s: %s. The next apply deploys it", to.Version, from.Version, to.Group, rec.File.URI)
	}
}
