package decision

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// RollbackRequest asks for the way back to an earlier champion.
type RollbackRequest struct {
	Group string
	// Version to go back to; 0 is the champion before the present one.
	Version int64
	Reason  string
}

// Rollback is a way back that the gate has decided on, not recorded yet.
type Rollback struct {
	*Inputs
	Ruling *Ruling
	// Done says that the version is the champion already, so that there is nothing to decide.
	Done bool
}

// DecideRollback judges an earlier version by the rules in force: those of the decision that made the present champion, as far as a
// rollback is held to them. It only reads. An error says why there is no way back to judge.
func DecideRollback(ctx context.Context, c *sagemaker.Client, r RollbackRequest, now time.Time) (*Rollback, error) {
	champion, err := ReadChampion(ctx, c, r.Group)
	if err != nil {
		return nil, err
	}
	switch {
	case champion.Defect != "":
		return nil, fmt.Errorf("the champion of %s is not a valid one, so that the rules in force are not known: %s. Apply the promotion that decided on it first", r.Group, champion.Defect)
	case !champion.Valid():
		return nil, fmt.Errorf("group %s has no champion to go back from", r.Group)
	}
	target, err := champion.before(r.Version)
	if err != nil {
		return nil, err
	}
	rules := champion.Record
	in, err := ReadInputs(ctx, c, Request{
		Group: r.Group, Candidate: target, Reason: r.Reason,
		Requirements: rules.Requirements, Evidence: rules.Evidence, Approval: rules.ApprovalRules, Seed: rules.Seed,
	})
	if sagemaker.IsNotFound(err) {
		return nil, fmt.Errorf("there is no model package %s any more", target)
	}
	if err != nil {
		return nil, err
	}
	if in.Champion.Decision() != champion.Decision() {
		return nil, fmt.Errorf("the champion of %s moved while this was decided: it is %s. Look at it before going back", r.Group, in.Winner())
	}
	if champion.Pointer.ModelPackageARN == target {
		return &Rollback{Inputs: in, Done: true}, nil
	}
	ruling, err := in.Rule(ctx, c, now)
	if err != nil {
		return nil, err
	}
	return &Rollback{Inputs: in, Ruling: ruling}, nil
}

// before is the ARN of the version to go back to. Without a number it is the champion before this one, but only from a promotion: going
// back twice must not end where it began.
func (c *Champion) before(version int64) (string, error) {
	p := c.Pointer
	if version != 0 {
		return strings.TrimSuffix(p.ModelPackageARN, "/"+strconv.Itoa(p.Version)) + "/" + strconv.FormatInt(version, 10), nil
	}
	switch {
	case c.Record.Kind == KindRollback:
		return "", fmt.Errorf("version %d is the champion of %s by a rollback (%s, %q). Give version to go further back, or to return",
			p.Version, p.ModelPackageGroup, p.DecisionURI, c.Record.Reason)
	case p.Previous == nil:
		return "", fmt.Errorf("version %d is the first champion of %s; there is none before it. Give version to go back to another approved version", p.Version, p.ModelPackageGroup)
	}
	return p.Previous.ModelPackageARN, nil
}

// CarryOut records an approved rollback and moves the champion pointer. A pointer that moved since the decision stays; the error is
// then a *sagemaker.ConflictError.
func (b *Rollback) CarryOut(ctx context.Context, c *sagemaker.Client, now time.Time, providerVersion string) (*StoredRecord, error) {
	if b.Ruling.Outcome != gate.Approved {
		return nil, fmt.Errorf("the rollback of %s is %s and cannot be carried out", b.Request.Group, b.Ruling.Outcome)
	}
	who, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	rec, err := b.Commit(ctx, c, b.Record(b.Ruling, now, who.ARN, providerVersion))
	if err != nil {
		return nil, err
	}
	return rec, b.Effect(ctx, c, rec, false)
}
