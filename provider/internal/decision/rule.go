package decision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Ruling is a decision that is not recorded yet.
type Ruling struct {
	Key string
	// Outcome of requirements and approval together.
	Outcome  gate.Outcome
	Checks   []gate.Check
	Approval RecordApproval
}

// Decision is the ruling as the gate puts it, for tables and summaries.
func (r *Ruling) Decision() gate.Decision { return gate.Decision{Outcome: r.Outcome, Checks: r.Checks} }

// Rule gathers the evidence and decides. It only reads.
func (in *Inputs) Rule(ctx context.Context, c *sagemaker.Client, now time.Time) (*Ruling, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	evidence, err := in.Gather(ctx, c, now)
	if err != nil {
		return nil, err
	}
	r := in.Request
	d := gate.Decide(r.Requirements, r.Evidence, evidence, gate.Settings{Seed: uint64(r.Seed)})
	state, err := in.ApprovalState(ctx, c)
	if err != nil {
		return nil, err
	}
	approval := gate.Approve(r.Approval, state, now)
	out := &Ruling{Key: key, Outcome: d.Outcome, Checks: d.Checks,
		Approval: RecordApproval{Outcome: approval.Outcome, Reason: approval.Reason, Approver: approval.Approver, Trainers: state.Trainers}}
	if r.Approval.Required || r.Approval.MinAge != nil {
		out.Checks = append(out.Checks, approval.Check())
	}
	if d.Outcome == gate.Approved {
		out.Outcome = approval.Outcome
	}
	return out, nil
}

// Record makes a ruling's record.
func (in *Inputs) Record(r *Ruling, now time.Time, by, providerVersion string) *Record {
	req, p := in.Request, in.Package
	rec := &Record{
		Schema: 1, Kind: KindPromotion, Outcome: r.Outcome, DryRun: req.DryRun, Key: r.Key,
		ModelPackageGroup: p.Group, ModelPackageARN: p.ARN, Version: p.Version,
		Image: p.Image, ArtifactURI: p.ArtifactURI, ArtifactSHA256: in.ArtifactSHA256(),
		Requirements: orEmpty(req.Requirements), Evidence: req.Evidence, ApprovalRules: req.Approval, Seed: req.Seed,
		Checks: orEmpty(r.Checks), Approval: r.Approval, Replaces: in.Champion.Decision(), Reason: req.Reason,
		DecidedAt: now.UTC().Truncate(time.Millisecond), DecidedBy: by, ProviderVersion: providerVersion,
	}
	rec.Approval.Trainers = orEmpty(rec.Approval.Trainers)
	if req.Rollback() {
		rec.Kind = KindRollback
	}
	if m := in.Document; m != nil {
		rec.Evaluation = &RecordEvaluation{Name: m.Evaluation, Manifest: in.DocumentFile, CreatedAt: createdAt(m), Dataset: m.Dataset,
			TrainingDataset: m.TrainingDataset, Report: m.Report, Predictions: m.Predictions, Baseline: m.Baseline}
		if rec.ArtifactSHA256 == "" {
			// A version registered by a pipeline: what the evaluation scored
			// was compared with the artifact itself.
			rec.ArtifactSHA256 = m.Model.SHA256
		}
	}
	if now := in.Champion; now.Valid() {
		if now.Pointer.ModelPackageARN == p.ARN {
			rec.PreviousChampion = now.Pointer.Previous
		} else {
			rec.PreviousChampion = &PreviousChampion{now.Pointer.ModelPackageARN, now.Pointer.DecisionURI, now.Pointer.DecisionSHA256}
		}
	}
	return rec
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Adopt finds the record of a decision with this key whose effects were begun
// and maybe not finished: the champion's own, or an approved one that would
// replace the decision the pointer names now. Nil when there is none.
func (in *Inputs) Adopt(ctx context.Context, c *sagemaker.Client, key string) (*StoredRecord, error) {
	if now := in.Champion; now.Valid() && now.Record.Key == key && now.Record.ModelPackageARN == in.Package.ARN {
		return now.Record, nil
	}
	records, err := Records(ctx, c, in.Package.Group, in.Package.Version)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(records) {
		if r.Key == key && r.Allows() && r.Replaces == in.Champion.Decision() && r.ModelPackageARN == in.Package.ARN {
			return r, nil
		}
	}
	return nil, nil
}

// Commit records a ruling. A record of the same ruling, left by an apply that
// was interrupted or failed after writing it, is used again.
func (in *Inputs) Commit(ctx context.Context, c *sagemaker.Client, rec *Record) (*StoredRecord, error) {
	records, err := Records(ctx, c, rec.ModelPackageGroup, rec.Version)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(records) {
		if r.Key == rec.Key && r.Outcome == rec.Outcome && r.Replaces == rec.Replaces && r.Reason == rec.Reason && sameChecks(r.Checks, rec.Checks) {
			return r, nil
		}
	}
	return Write(ctx, c, rec)
}

func sameChecks(a, b []gate.Check) bool {
	return slices.EqualFunc(a, b, gate.Check.Equal)
}

// Effect carries a recorded decision out: approval status, then champion
// pointer. Each step is idempotent. With hold, the pointer stays where another
// decision moved it.
func (in *Inputs) Effect(ctx context.Context, c *sagemaker.Client, r *StoredRecord, hold bool) error {
	killpoint.Here(killpoint.DecisionRecorded)
	if r.DryRun {
		return nil
	}
	// With a person's approval required, the registry is theirs to write.
	provides := !r.ApprovalRules.Required
	status := in.Package.Approval
	switch {
	case r.Outcome == gate.Approved && provides && !hold && status != types.ModelApprovalStatusApproved:
		if err := c.SetApproval(ctx, r.ModelPackageARN, types.ModelApprovalStatusApproved, "approved by titanicml: "+r.File.URI); err != nil {
			return err
		}
	case r.Outcome == gate.Rejected && provides && status == types.ModelApprovalStatusPendingManualApproval:
		// Only a version nobody has decided on yet: one that served before
		// stays approved, as a way back.
		if err := c.SetApproval(ctx, r.ModelPackageARN, types.ModelApprovalStatusRejected, "rejected by titanicml: "+r.File.URI); err != nil {
			return err
		}
	}
	if r.Outcome != gate.Approved || hold {
		return nil
	}
	killpoint.Here(killpoint.ApprovalSet)
	if now := in.Champion; !now.Valid() || now.Pointer.DecisionSHA256 != r.File.SHA256 {
		if err := Point(ctx, c, in.Champion, r); err != nil {
			return err
		}
	}
	killpoint.Here(killpoint.PointerMoved)
	return nil
}

// Winner describes the champion that is there instead of the one that was
// expected.
func (in *Inputs) Winner() string {
	now := in.Champion
	switch {
	case now.Valid():
		return fmt.Sprintf("version %d (%s) by decision %s of %s", now.Pointer.Version, now.Pointer.ModelPackageARN, now.Pointer.DecisionURI, now.Record.DecidedAt.Format(time.RFC3339))
	case now.Defect != "":
		return "not a valid one: " + now.Defect
	}
	return "none"
}
