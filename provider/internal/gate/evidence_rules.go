package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/measure"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// clockSkew is how far in the future evidence may seem to be made.
const clockSkew = 5 * time.Minute

// checkEvidence answers every rule on the evidence itself.
func (d *decider) checkEvidence() {
	r, e := d.rules, &d.evidence
	if r.MinExamples != nil {
		n := int64(0)
		if p := e.Candidate.Predictions; p != nil {
			n = int64(p.Len())
		}
		d.rule("min_examples", fmt.Sprintf(">= %d", *r.MinExamples), fptr(float64(n)), n >= *r.MinExamples,
			fmt.Sprintf("the predictions have %d examples", n))
	}
	if r.MaxAge != nil {
		d.checkAge(*r.MaxAge)
	}
	if want := strings.ToLower(r.DatasetSHA256); want != "" {
		d.rule("dataset_sha256", short(want), nil, want == strings.ToLower(e.DatasetSHA256),
			fmt.Sprintf("evaluated on data with sha256 %s, required is %s", or(e.DatasetSHA256, "(unknown)"), want))
	}
	d.checkLeakage()
	if r.MaxP95LatencyMS != nil {
		d.rule("max_p95_latency_ms", "<= "+metric.Number(*r.MaxP95LatencyMS), e.P95LatencyMS,
			e.P95LatencyMS != nil && *e.P95LatencyMS <= *r.MaxP95LatencyMS && *e.P95LatencyMS >= 0,
			found(e.P95LatencyMS, "p95 of the evaluation job is %s ms per example", "the report has no performance.p95_latency_ms"))
	}
	if r.MaxTrainingCostUSD != nil {
		d.checkCost(*r.MaxTrainingCostUSD)
	}
}

func (d *decider) rule(name, bound string, observed *float64, ok bool, reason string) {
	c := Check{Requirement: name, Kind: "evidence", Index: -1, Metric: name, Slice: "all", Observed: observed, Bound: bound,
		Verdict: Fail, Reason: reason}
	if ok {
		c.Verdict = Pass
	}
	d.add(c)
}

func (d *decider) checkAge(limit time.Duration) {
	e := &d.evidence
	c := Check{Requirement: "max_age", Kind: "evidence", Index: -1, Metric: "max_age", Slice: "all", Bound: "<= " + limit.String(), Verdict: Fail}
	switch age := e.Now.Sub(e.CreatedAt); {
	case e.Rollback:
		c.Verdict, c.Reason = Skipped, "rollback: the version was approved before, freshness is skipped"
	case e.CreatedAt.IsZero():
		c.Reason = "the evidence does not say when it was made"
	case age < -clockSkew:
		c.Reason = fmt.Sprintf("the evidence was made at %s, which is in the future; check the clocks", e.CreatedAt.UTC().Format(time.RFC3339))
	case age > limit:
		c.Reason = fmt.Sprintf("the evidence was made at %s, %s ago; evaluate again: terraform apply -replace=<address of the titanicml_evaluation>",
			e.CreatedAt.UTC().Format(time.RFC3339), age.Round(time.Second))
	default:
		// The age itself is not recorded: it differs from plan to apply.
		c.Verdict, c.Reason = Pass, "the evidence was made at "+e.CreatedAt.UTC().Format(time.RFC3339)
	}
	d.add(c)
}

func (d *decider) checkLeakage() {
	l, asked := d.evidence.Leakage, d.rules.Leakage
	if asked != nil && !*asked || asked == nil && l.TrainingSHA256 == "" {
		return
	}
	const bound = "no overlap"
	switch {
	case l.TrainingSHA256 == "":
		d.rule("leakage", bound, nil, false, "the evaluation does not name its training data; set training_dataset on it")
	case l.HeldOutSHA256 == "":
		d.rule("leakage", bound, nil, false, "the digest of the held-out data is not known")
	case strings.EqualFold(l.TrainingSHA256, l.HeldOutSHA256):
		d.rule("leakage", bound, nil, false, "the model was trained on the very file it is evaluated on, sha256 "+short(l.TrainingSHA256))
	case l.SharedIDs > 0:
		d.rule("leakage", bound, fptr(float64(l.SharedIDs)), false,
			fmt.Sprintf("%d of the held-out examples were trained on, by %s: %s", l.SharedIDs, l.IDColumn, some(l.Examples)))
	case l.IDColumn == "":
		d.rule("leakage", bound, nil, true, "training and held-out data have different digests; ids were not compared, as no id_column is named")
	default:
		d.rule("leakage", bound, fptr(0), true, fmt.Sprintf("training and held-out data share no %s", l.IDColumn))
	}
}

func (d *decider) checkCost(limit float64) {
	t := d.evidence.Training
	bound := "<= " + metric.Number(limit)
	if t == nil {
		d.rule("max_training_cost_usd", bound, nil, false, "the candidate's training job is not known; set training_run on the model version")
		return
	}
	if t.BillableSeconds == nil {
		d.rule("max_training_cost_usd", bound, nil, false, "the candidate's training job does not say its billable seconds (BillableTimeInSeconds)")
		return
	}
	price, source := 0.0, "as given"
	if p := d.rules.TrainingPricePerHourUSD; p != nil {
		price = *p
	} else if usd, date, ok := TrainingPrice(t.Region, t.InstanceType); ok {
		price, source = usd, "list price in "+t.Region+" of "+date
	} else {
		d.rule("max_training_cost_usd", bound, nil, false,
			fmt.Sprintf("no price is known for %s in %s; give what you pay in evidence.training_price_per_hour_usd", or(t.InstanceType, "the instance"), or(t.Region, "an unknown region")))
		return
	}
	cost := *t.BillableSeconds / 3600 * price * float64(max(t.InstanceCount, 1))
	d.rule("max_training_cost_usd", bound, &cost, metric.Finite(cost) && cost >= 0 && cost <= limit,
		fmt.Sprintf("%s billable seconds on %d x %s at %s USD per hour (%s)", metric.Number(*t.BillableSeconds), max(t.InstanceCount, 1), t.InstanceType, metric.Number(price), source))
}

// reportTolerance is how far a report's value may be from the predictions' own:
// scores in the file are rounded too, which moves ranks and logarithms a little.
const reportTolerance = 1e-4

// checkReport compares every metric that both the report and the predictions
// give, for the candidate and for the champion where it is compared with.
func (d *decider) checkReport(m *measures) {
	e := &d.evidence
	if p := e.Candidate.Predictions; p != nil && len(p.IDs) > 0 {
		if id, twice := duplicateID(p.IDs); twice {
			d.rule("distinct_examples", "each id once", nil, false, fmt.Sprintf("the example with id %q is in the predictions more than once", id))
		}
	}
	if m.sample == nil || e.Candidate.Report == nil {
		return
	}
	if e.Candidate.Report.Problem != m.sample.Problem {
		d.rule("report_matches_predictions", "equal", nil, false, fmt.Sprintf("the report is a %s, the predictions were read as %s", e.Candidate.Report.Problem, m.sample.Problem))
		return
	}
	differences := contradictions(m.sample, measure.Candidate, e.Candidate.Report)
	if m.sample.Paired && e.Baseline != nil && e.Baseline.Report != nil {
		for _, of := range contradictions(m.sample, measure.Champion, e.Baseline.Report) {
			differences = append(differences, "champion's "+of)
		}
	}
	reason := "the report agrees with what the gate computed from the predictions"
	if len(differences) > 0 {
		reason = "the report contradicts the predictions: " + some(differences)
	}
	d.rule("report_matches_predictions", "equal", nil, len(differences) == 0, reason)
}

// contradictions lists the metrics on which a report and the predictions it is
// about disagree beyond rounding.
func contradictions(s *measure.Sample, who measure.Model, report *evidence.Report) []string {
	threshold := rules.DefaultThreshold
	if t, ok := report.Metrics["decision_threshold"]; ok {
		threshold = t.Number
	}
	var out []string
	for _, name := range metric.Names(s.Problem) {
		said, ok := report.Metrics[name]
		if !ok {
			continue
		}
		v := s.Value(who, measure.Statistic{Metric: name, Threshold: threshold, Code: measure.Whole})
		if v.Err != nil {
			// Reports write 0 for an undefined ratio, as scikit-learn does.
			if said.Number != 0 && metric.Finite(said.Number) {
				out = append(out, fmt.Sprintf("%s says %s, the predictions give none", name, metric.Number(said.Number)))
			}
			continue
		}
		scale := 1.0
		if info, _ := metric.Lookup(name); !info.Bounded {
			scale = math.Max(math.Abs(v.Number), 1e-9)
		}
		tolerance := max(reportTolerance*scale, min(said.Rounding, 5*reportTolerance*scale)) * (1 + 1e-9)
		if !(math.Abs(said.Number-v.Number) <= tolerance) {
			out = append(out, fmt.Sprintf("%s says %s, computed %s", name, metric.Number(said.Number), metric.Number(v.Number)))
		}
	}
	if said, ok := report.Performance["examples"]; ok && said.Number != float64(s.Len()) {
		out = append(out, fmt.Sprintf("examples says %s, the predictions have %d", metric.Number(said.Number), s.Len()))
	}
	slices.Sort(out)
	return out
}

// duplicateID finds an id that appears twice: the same example counted twice
// makes the evidence look larger than it is.
func duplicateID(ids []string) (string, bool) {
	seen := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		if _, ok := seen[id]; ok {
			return id, true
		}
		seen[id] = struct{}{}
	}
	return "", false
}

func fptr(v float64) *float64 { return &v }

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func found(v *float64, format, missing string) string {
	if v == nil {
		return missing
	}
	return fmt.Sprintf(format, metric.Number(*v))
}

func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
