package gate

import (
	"fmt"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// ApprovalRules are demands on the person who approves.
type ApprovalRules struct {
	// Required waits for a person to approve the model package.
	Required bool `json:"required"`
	// DistinctFromTrainer demands that the approver did not train the model.
	DistinctFromTrainer bool `json:"distinct_from_trainer"`
	// MinAge is the time between registering a version and promoting it.
	MinAge *time.Duration `json:"min_age_ns,omitempty"`
}

// Identity of a person or a role session, as AWS reports it.
type Identity struct {
	ARN string `json:"arn"`
	// SourceIdentity is set when the session was started with one.
	SourceIdentity string `json:"source_identity,omitempty"`
}

// Same says whether two identities are the same person. Sessions of assumed
// roles compare by source identity, else by role and session name; without
// either ARN nothing is the same, and nothing may conclude that they differ.
func (i Identity) Same(o Identity) bool {
	if i.SourceIdentity != "" && o.SourceIdentity != "" {
		return i.SourceIdentity == o.SourceIdentity
	}
	return i.ARN != "" && i.ARN == o.ARN
}

// ApprovalState is what the registry knows about a version's approval.
type ApprovalState struct {
	// Status of the model package: Approved, Rejected, PendingManualApproval.
	Status string
	// ModifiedBy set the status; nil when the registry does not say.
	ModifiedBy *Identity
	// CreatedAt is when the version was registered.
	CreatedAt time.Time
	// Trainers are the version's creator and the principal of its training job.
	Trainers []Identity
	// Untold is why the principal of the training job that the version names is not among them; "" when it is, or it names none.
	Untold string
}

// ApprovalResult is the answer on the approval alone.
type ApprovalResult struct {
	Outcome Outcome
	Reason  string
	// Approver is set when a person approved.
	Approver *Identity
}

// Approve judges the approval of a candidate that passed its requirements.
// Approved without Approver means that none is required.
func Approve(asked ApprovalRules, state ApprovalState, now time.Time) ApprovalResult {
	if asked.MinAge != nil {
		if state.CreatedAt.IsZero() {
			return ApprovalResult{Outcome: Pending, Reason: "the registry does not say when the version was created, min_age cannot be checked"}
		}
		if ready := state.CreatedAt.Add(*asked.MinAge); now.Before(ready) {
			return ApprovalResult{Outcome: Pending, Reason: fmt.Sprintf("the version may be promoted from %s on (min_age %s)",
				ready.UTC().Format(time.RFC3339), *asked.MinAge)}
		}
	}
	if !asked.Required {
		return ApprovalResult{Outcome: Approved, Reason: "no approval by a person is required"}
	}
	switch state.Status {
	case "Approved":
	case "Rejected":
		return ApprovalResult{Outcome: Rejected, Reason: "the model package was set to Rejected" + by(state.ModifiedBy)}
	default:
		return ApprovalResult{Outcome: Pending, Reason: "waiting for a person to set the model package to Approved"}
	}
	if state.ModifiedBy == nil || state.ModifiedBy.ARN == "" {
		return ApprovalResult{Outcome: Pending, Reason: "the package is Approved, but the registry does not say by whom"}
	}
	approver := *state.ModifiedBy
	if asked.DistinctFromTrainer {
		known := false
		for _, t := range state.Trainers {
			if t.ARN == "" {
				continue
			}
			known = true
			if approver.Same(t) {
				return ApprovalResult{Outcome: Pending, Reason: fmt.Sprintf("%s approved, but also trained or registered the model; somebody else has to approve", who(approver))}
			}
		}
		switch {
		case state.Untold != "":
			return ApprovalResult{Outcome: Pending, Reason: "it is not known who trained the model, so that distinct_from_trainer cannot be checked: " + state.Untold}
		case !known:
			return ApprovalResult{Outcome: Pending, Reason: "it is not known who trained the model, so that distinct_from_trainer cannot be checked"}
		}
	}
	return ApprovalResult{Outcome: Approved, Reason: "approved by " + who(approver), Approver: &approver}
}

func by(i *Identity) string {
	if i == nil || i.ARN == "" {
		return ""
	}
	return " by " + who(*i)
}

func who(i Identity) string {
	if i.SourceIdentity != "" {
		return i.SourceIdentity + " (" + i.ARN + ")"
	}
	return i.ARN
}

// Check is the row of the approval in the table of the decision.
func (r ApprovalResult) Check() Check {
	verdict := map[Outcome]Verdict{Approved: Pass, Pending: Waiting, Rejected: Fail}[r.Outcome]
	return Check{Requirement: "approval", Kind: "approval", Index: -1, Metric: "approval", Slice: "all", Bound: "by a person",
		Severity: rules.Block, Verdict: verdict, Reason: r.Reason}
}

// ValidateApproval finds contradictions in the approval rules.
func ValidateApproval(r ApprovalRules) []rules.FieldError {
	var errs []rules.FieldError
	if r.DistinctFromTrainer && !r.Required {
		errs = append(errs, rules.FieldError{Index: -1, Field: "distinct_from_trainer", Message: "has no effect without required = true"})
	}
	if r.MinAge != nil && *r.MinAge <= 0 {
		errs = append(errs, rules.FieldError{Index: -1, Field: "min_age", Message: fmt.Sprintf("is %s; a positive duration such as \"1h\" is expected", strings.TrimSpace(r.MinAge.String()))})
	}
	return errs
}
