// Package gate decides whether a model version may be promoted.
//
// In: requirements written by a person (package rules), and evidence read by somebody else
// (predictions, report, digests, the champion's same, and the time). Out: a
// decision with every reason, one Check per requirement and slice, in the order
// of the requirements, never cut short. Nothing here reads a file, a clock or a
// network; the same input gives the same bits.
//
// The gate fails closed: a missing metric, slice or file, a value that is not a
// number, or evidence that contradicts itself rejects.
package gate

import (
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// Verdict of one check.
type Verdict string

// A check passes, fails (and rejects), warns (fails, but does not reject), has
// no champion to compare with, is skipped for the reason it gives, or waits for
// a person.
const (
	Pass           Verdict = "pass"
	Fail           Verdict = "fail"
	Warning        Verdict = "warn"
	FirstPromotion Verdict = "first_promotion"
	Skipped        Verdict = "skipped"
	Waiting        Verdict = "pending"
)

// Outcome of the gate.
type Outcome string

// Approved and Rejected are final for their evidence; Pending waits for a
// person's approval.
const (
	Approved Outcome = "approved"
	Rejected Outcome = "rejected"
	Pending  Outcome = "pending"
)

// Check is the answer to one requirement on one slice, or to one evidence rule.
type Check struct {
	// Requirement as written: "auc >= 0.8 at 95%".
	Requirement string `json:"requirement"`
	// Kind is "metric", "evidence" or "approval".
	Kind string `json:"kind"`
	// Index of the requirement, -1 for evidence.
	Index int `json:"index"`
	// Metric is its name, or the evidence rule's.
	Metric string `json:"metric"`
	// Slice is "all", "sex=female", or the column of a gap.
	Slice    string `json:"slice"`
	Examples int64  `json:"examples,omitempty"`
	// Observed is the value compared with the bound: the metric, the gap, or
	// how much better or worse than the champion, whichever the requirement
	// bounds, relative to the champion's value where it says so. Nil when
	// there is none.
	Observed *float64 `json:"observed"`
	// Lower and Upper are one-sided confidence bounds of Observed.
	Lower      *float64 `json:"lower,omitempty"`
	Upper      *float64 `json:"upper,omitempty"`
	Confidence *float64 `json:"confidence,omitempty"`
	// Candidate and Champion are the two values behind a gain.
	Candidate *float64 `json:"candidate,omitempty"`
	Champion  *float64 `json:"champion,omitempty"`
	// Bound is the comparison that Observed (or its interval) has to meet.
	Bound    string         `json:"bound"`
	Severity rules.Severity `json:"severity"`
	Verdict  Verdict        `json:"verdict"`
	Reason   string         `json:"reason"`
}

// Equal compares two checks by value.
func (c Check) Equal(o Check) bool { return reflect.DeepEqual(c, o) }

// Decision is the answer of the gate.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	Checks  []Check `json:"checks"`
}

// Failures counts the checks that reject.
func (d Decision) Failures() int {
	n := 0
	for _, c := range d.Checks {
		if c.Verdict == Fail {
			n++
		}
	}
	return n
}

// ModelEvidence is what is known about one model's evaluation.
type ModelEvidence struct {
	Report      *evidence.Report
	Predictions *evidence.Predictions
}

// Problem is a defect of the evidence found while reading it, such as a digest
// that does not match. It always rejects.
type Problem struct {
	// Subject names the thing: "predictions", "artifact", "baseline report".
	Subject string
	// Reason with the value got, the value expected and the next step.
	Reason string
}

// Baseline is what the evaluation scored as the champion.
type Baseline struct {
	ModelPackageARN string
	ModelEvidence
}

// Champion identifies the group's champion at the time of the decision.
type Champion struct {
	ModelPackageARN string
	// PreviousARN is the champion before this one, "" for none.
	PreviousARN string
	// Defect says why the champion's pointer or record must not be believed;
	// then nothing can be compared with it.
	Defect string
}

// Leakage is what was found comparing training and held-out data.
type Leakage struct {
	// TrainingSHA256 is "" when the evaluation does not name its training data.
	TrainingSHA256, HeldOutSHA256 string
	// IDColumn is "" when no ids were compared.
	IDColumn string
	// SharedIDs counts ids in both; Examples has the first few of them.
	SharedIDs int
	Examples  []string
}

// Training is what the candidate's training job used.
type Training struct {
	// BillableSeconds is nil when the job does not say.
	BillableSeconds *float64
	InstanceType    string
	InstanceCount   int64
	// Region of the job; list prices are those of one region.
	Region string
}

// Evidence is everything a decision rests on.
type Evidence struct {
	// Now is when the decision is made.
	Now time.Time
	// CreatedAt is when the evaluation finished.
	CreatedAt     time.Time
	DatasetSHA256 string
	CandidateARN  string
	Candidate     ModelEvidence
	// Baseline is nil when the evaluation scored none.
	Baseline *Baseline
	// Champion is nil before the first promotion.
	Champion *Champion
	// Rollback skips freshness and comparisons with the champion: the version
	// was approved before.
	Rollback bool
	Leakage  Leakage
	// Training is nil when the training job is not known.
	Training *Training
	// P95LatencyMS per example of the evaluation job; nil when not measured.
	P95LatencyMS *float64
	Problems     []Problem
}

// Settings of the resampling.
type Settings struct {
	Seed uint64
	// Replicates of the bootstrap; 0 chooses by the size of the evidence.
	Replicates int
}

// Decide answers every requirement. The requirements are expected to be valid
// (rules.ValidateRequirements); one that is not fails.
func Decide(requirements []rules.Requirement, asked rules.Evidence, e Evidence, s Settings) Decision {
	d := decider{requirements: requirements, rules: asked, evidence: e, settings: s}
	for _, p := range e.Problems {
		d.add(Check{Requirement: p.Subject, Kind: "evidence", Index: -1, Metric: "integrity", Slice: "all",
			Bound: "intact", Severity: rules.Block, Verdict: Fail, Reason: p.Reason})
	}
	d.checkMetrics()
	d.checkEvidence()
	return d.decision()
}

type decider struct {
	requirements []rules.Requirement
	rules        rules.Evidence
	evidence     Evidence
	settings     Settings
	checks       []Check
}

func (d *decider) add(c Check) {
	if c.Severity == "" {
		c.Severity = rules.Block
	}
	if c.Verdict == Fail && c.Severity == rules.Warn {
		c.Verdict = Warning
	}
	for _, v := range []**float64{&c.Observed, &c.Lower, &c.Upper, &c.Candidate, &c.Champion} {
		*v = rounded(*v)
	}
	d.checks = append(d.checks, c)
}

func (d *decider) decision() Decision {
	out := Decision{Outcome: Approved, Checks: d.checks}
	sort.SliceStable(out.Checks, func(a, b int) bool {
		x, y := out.Checks[a], out.Checks[b]
		if (x.Index < 0) != (y.Index < 0) {
			return y.Index < 0
		}
		if x.Index != y.Index {
			return x.Index < y.Index
		}
		if x.Index < 0 {
			return x.Metric < y.Metric
		}
		return sliceLess(x.Slice, y.Slice)
	})
	if len(out.Checks) == 0 {
		// No requirement and no rule is no gate; the resource refuses that at
		// validation, and this is the second lock.
		out.Outcome = Rejected
	}
	if out.Failures() > 0 {
		out.Outcome = Rejected
	}
	return out
}

// sliceLess orders "pclass=2" before "pclass=10".
func sliceLess(a, b string) bool {
	ca, va, _ := strings.Cut(a, "=")
	cb, vb, _ := strings.Cut(b, "=")
	if ca != cb {
		return ca < cb
	}
	return evidence.NaturalLess(va, vb)
}

// rounded keeps 12 significant digits, below which processors that fuse
// multiplication and addition may differ; values that are not finite are nil,
// as JSON has no word for them.
func rounded(v *float64) *float64 {
	if v == nil || !metric.Finite(*v) {
		return nil
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(*v, 'g', 12, 64), 64)
	if err != nil {
		return nil
	}
	if r == 0 {
		r = math.Abs(r) // -0 would print differently
	}
	return &r
}
