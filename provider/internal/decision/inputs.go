package decision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Request is what a person asks to be decided.
type Request struct {
	Group, Candidate string
	// Evaluation is a job name; "" asks for a rollback to a version that was
	// approved before.
	Evaluation   string
	Requirements []rules.Requirement
	Evidence     rules.Evidence
	Approval     gate.ApprovalRules
	Seed         int64
	DryRun       bool
	Reason       string
}

// Rollback says whether the request takes an earlier version back.
func (r Request) Rollback() bool { return r.Evaluation == "" }

// Inputs are the small objects a request refers to: enough for its key, cheap
// enough to read in every plan.
type Inputs struct {
	Request  Request
	Package  *sagemaker.Package
	Document *manifest.Evidence
	// DocumentFile is the place and digest of the evidence document.
	DocumentFile manifest.File
	// Approved is the record a rollback goes back to.
	Approved *StoredRecord
	Champion *Champion
	// Problems found on the way; each rejects.
	Problems []gate.Problem
	// EvidenceGone says that the document does not exist (any more).
	EvidenceGone bool
}

// ReadInputs reads what a request refers to. The error satisfies
// sagemaker.IsNotFound when the candidate does not exist; defects of the
// evidence are no errors but Problems.
func ReadInputs(ctx context.Context, c *sagemaker.Client, r Request) (*Inputs, error) {
	in := &Inputs{Request: r}
	var err error
	if in.Package, err = c.DescribePackage(ctx, r.Candidate); err != nil {
		return nil, err
	}
	if in.Champion, err = ReadChampion(ctx, c, r.Group); err != nil {
		return nil, err
	}
	if in.Package.Group != r.Group {
		in.problem("candidate", "%s belongs to group %s, not to %s", r.Candidate, in.Package.Group, r.Group)
	}
	evaluation := r.Evaluation
	if r.Rollback() {
		if in.Approved, err = lastVerdict(ctx, c, in.Package); err != nil {
			return nil, err
		}
		switch {
		case in.Approved == nil:
			in.problem("rollback", "%s has no decision record; give an evaluation to decide on it", r.Candidate)
			return in, nil
		case !in.Approved.Allows():
			in.problem("rollback", "the latest decision on %s is %s (%s); give an evaluation to decide again", r.Candidate, in.Approved.Outcome, in.Approved.File.URI)
			return in, nil
		case in.Approved.Evaluation == nil:
			in.problem("rollback", "decision %s names no evaluation", in.Approved.File.URI)
			return in, nil
		}
		evaluation = in.Approved.Evaluation.Name
	}
	return in, in.readDocument(ctx, c, evaluation)
}

func (in *Inputs) problem(subject, format string, args ...any) {
	in.Problems = append(in.Problems, gate.Problem{Subject: subject, Reason: fmt.Sprintf(format, args...)})
}

func (in *Inputs) readDocument(ctx context.Context, c *sagemaker.Client, evaluation string) error {
	m, at, err := ReadEvidence(ctx, c, evaluation)
	in.DocumentFile = at
	switch {
	case sagemaker.IsNotFound(err):
		in.EvidenceGone = true
		in.problem("evaluation", "evaluation %s has left no evidence at %s; evaluate the candidate and give the id of its titanicml_evaluation", evaluation, at.URI)
		return nil
	case err != nil && at.SHA256 == "":
		return err
	case err != nil:
		in.problem("evaluation", "%v", err)
		return nil
	}
	in.Document = m
	if in.Approved != nil {
		if want := in.Approved.Evaluation.Manifest.SHA256; want != at.SHA256 {
			in.problem("evaluation", "%s was changed since version %d was approved: it has sha256 %s, expected %s", at.URI, in.Package.Version, at.SHA256, want)
		}
	}
	return nil
}

// lastVerdict is the latest decision on a version that was neither a dry run
// nor pending; nil when there is none.
func lastVerdict(ctx context.Context, c *sagemaker.Client, p *sagemaker.Package) (*StoredRecord, error) {
	records, err := Records(ctx, c, p.Group, p.Version)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(records) {
		if !r.DryRun && r.Outcome != gate.Pending && r.ModelPackageARN == p.ARN {
			return r, nil
		}
	}
	return nil, nil
}

// ArtifactSHA256 is the digest the registry recorded for the candidate's
// artifact, "" when it recorded none.
func (in *Inputs) ArtifactSHA256() string {
	if d := in.Package.Metadata[sagemaker.MetaArtifactSHA256]; d != "" {
		return strings.ToLower(d)
	}
	return ""
}

// Key freezes a decision: it covers the digests of candidate, evaluation and
// baseline, and every rule. Freshness and the champion of the day are not in
// it, so that time passing and others' promotions do not reopen a decision.
func (in *Inputs) Key() (string, error) {
	r := in.Request
	frozen := struct {
		Candidate, Artifact                 string
		Model, Dataset, Training            string
		Report, Predictions                 string
		Baseline, BaselineArtifact          string
		BaselineReport, BaselinePredictions string
		LabelColumn, ScoreColumn, IDColumn  string
		Requirements                        []rules.Requirement
		Evidence                            rules.Evidence
		Approval                            gate.ApprovalRules
		Seed                                int64
		DryRun, Rollback                    bool
	}{
		Candidate: r.Candidate, Artifact: in.ArtifactSHA256(),
		Requirements: r.Requirements, Evidence: r.Evidence, Approval: r.Approval, Seed: r.Seed, DryRun: r.DryRun, Rollback: r.Rollback(),
	}
	if m := in.Document; m != nil {
		frozen.Model, frozen.Dataset, frozen.Report = m.Model.SHA256, m.Dataset.SHA256, m.Report.SHA256
		frozen.LabelColumn, frozen.ScoreColumn, frozen.IDColumn = m.LabelColumn, m.ScoreColumn, m.IDColumn
		if m.TrainingDataset != nil {
			frozen.Training = m.TrainingDataset.SHA256
		}
		if m.Predictions != nil {
			frozen.Predictions = m.Predictions.SHA256
		}
		if b := m.Baseline; b != nil {
			frozen.Baseline, frozen.BaselineArtifact, frozen.BaselineReport = b.ModelPackageARN, b.ArtifactSHA256, b.Report.SHA256
			if b.Predictions != nil {
				frozen.BaselinePredictions = b.Predictions.SHA256
			}
		}
	}
	body, err := json.Marshal(frozen)
	if err != nil {
		return "", fmt.Errorf("freezing the decision on %s: %w", r.Candidate, err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// ApprovalState reads what the registry and the training job say about the
// people behind the candidate.
func (in *Inputs) ApprovalState(ctx context.Context, c *sagemaker.Client) (gate.ApprovalState, error) {
	p := in.Package
	s := gate.ApprovalState{Status: string(p.Approval), ModifiedBy: identity(p.ModifiedBy), CreatedAt: aws.ToTime(p.Raw.CreationTime)}
	if i := identity(p.CreatedBy); i != nil {
		s.Trainers = append(s.Trainers, *i)
	}
	if arn := p.Metadata[sagemaker.MetaRunARN]; arn != "" {
		tags, err := c.ListTags(ctx, arn)
		if err != nil && !sagemaker.IsNotFound(err) {
			return s, fmt.Errorf("reading who trained %s: %w", p.ARN, err)
		}
		switch principal := tags[sagemaker.TagPrincipal]; {
		case principal == "": // a trainer who took the tag away must not thereby be somebody else
			s.Untold = fmt.Sprintf("%s has no tag %s, which the apply that started it gave it", arn, sagemaker.TagPrincipal)
		case !slices.Contains(s.Trainers, gate.Identity{ARN: principal}):
			s.Trainers = append(s.Trainers, gate.Identity{ARN: principal})
		}
	}
	return s, nil
}

// identity of a user context; nil when SageMaker recorded none.
func identity(u *types.UserContext) *gate.Identity {
	if u == nil || u.IamIdentity == nil || aws.ToString(u.IamIdentity.Arn) == "" {
		return nil
	}
	return &gate.Identity{ARN: aws.ToString(u.IamIdentity.Arn), SourceIdentity: aws.ToString(u.IamIdentity.SourceIdentity)}
}

// training reads what the candidate's training job used; nil when unknown.
func (in *Inputs) training(ctx context.Context, c *sagemaker.Client) (*gate.Training, error) {
	run := in.Package.Metadata[sagemaker.MetaRun]
	if run == "" {
		return nil, nil
	}
	job, err := c.DescribeJob(ctx, sagemaker.Training, run)
	if sagemaker.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &gate.Training{}
	if s := job.Training.BillableTimeInSeconds; s != nil {
		t.BillableSeconds = aws.Float64(float64(*s))
	}
	if a, err := awsarn.Parse(aws.ToString(job.Training.TrainingJobArn)); err == nil {
		t.Region = a.Region
	}
	if r := job.Training.ResourceConfig; r != nil {
		t.InstanceType, t.InstanceCount = string(r.InstanceType), int64(aws.ToInt32(r.InstanceCount))
	}
	return t, nil
}
