package gate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/bootstrap"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/measure"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// informational is the confidence of intervals that are only shown, because the
// requirement asks for none.
const informational = 0.95

// slack absorbs the rounding of subtractions, so that 0.79 against 0.80 is a
// drop of 0.01 and not of 0.010000000000000009.
const slack = 1e-12

// task is one metric check on the way to its verdict.
type task struct {
	check Check
	req   rules.Requirement
	// interval is the position among the wanted intervals, -1 for none.
	interval int
	value    float64
	why      string // context for the reason: values behind a gain or gap
}

// measures are the predictions of a decision; sample is nil without any.
type measures struct {
	sample    *measure.Sample
	intervals *measure.Intervals
	// pairError says why the champion's cannot be compared with the candidate's.
	pairError error
}

// checkMetrics answers every requirement on a metric.
func (d *decider) checkMetrics() {
	e := &d.evidence
	m := &measures{}
	if p := e.Candidate.Predictions; p != nil {
		var base *evidence.Predictions
		if e.Baseline != nil && d.comparesWithChampion() {
			base = e.Baseline.Predictions
		}
		m.sample, m.pairError = measure.New(p, base)
		if m.pairError != nil {
			m.sample, _ = measure.New(p, nil)
		}
		m.intervals = m.sample.Intervals()
	}
	var tasks []task
	for i, r := range d.requirements {
		tasks = append(tasks, d.expand(m, i, r)...)
	}
	var bounds []bootstrap.Bounds
	if m.intervals != nil {
		bounds = m.intervals.Bounds(d.settings.Seed, d.settings.Replicates)
	}
	for _, t := range tasks {
		d.judge(t, bounds)
	}
	d.checkReport(m)
}

// comparesWithChampion says whether any requirement needs the champion's
// predictions.
func (d *decider) comparesWithChampion() bool {
	return slices.ContainsFunc(d.requirements, func(r rules.Requirement) bool { return r.VersusChampion != nil })
}

// expand turns a requirement into one task per slice.
func (d *decider) expand(m *measures, index int, r rules.Requirement) []task {
	c := Check{Requirement: r.Title(), Kind: "metric", Index: index, Metric: r.Metric, Slice: "all",
		Bound: r.BoundText(), Severity: r.Severity}
	if errs := rules.ValidateRequirements([]rules.Requirement{r}); len(errs) > 0 {
		return []task{failed(c, errs[0].Message)}
	}
	if r.VersusChampion != nil {
		switch verdict, reason := d.championState(); verdict {
		case Pass:
		case FirstPromotion:
			// Nothing to compare with, but what would be compared has to be there: a misspelt metric or slice would
			// otherwise pass unseen until there is a champion.
			return first(d.measurable(m, c, r, true), reason)
		default:
			c.Verdict, c.Reason = verdict, reason
			if r.SliceColumn() != "" {
				c.Slice = r.SliceText()
			}
			return []task{{check: c, req: r, interval: -1}}
		}
	}
	return d.measurable(m, c, r, false)
}

// first turns what could be measured into checks without a verdict on it.
func first(tasks []task, reason string) []task {
	for i := range tasks {
		if c := &tasks[i].check; c.Verdict == "" {
			c.Verdict, c.Reason = FirstPromotion, reason
		}
	}
	return tasks
}

// measurable answers a valid requirement by slice. alone measures the candidate of a comparison by itself.
func (d *decider) measurable(m *measures, c Check, r rules.Requirement, alone bool) []task {
	info, known := metric.Lookup(r.Metric)
	if m.sample == nil || !known || !info.Computes(m.sample.Problem) {
		return []task{d.fromReport(m, c, r, alone)}
	}
	if r.VersusChampion != nil && !alone {
		if m.pairError != nil {
			return []task{failed(c, "cannot compare with the champion: "+m.pairError.Error())}
		}
		if !m.sample.Paired {
			return []task{failed(c, "the evaluation has no predictions of the champion")}
		}
	}
	column := r.SliceColumn()
	if column == "" {
		return []task{d.measure(m, c, r, info, "", measure.Whole, alone)}
	}
	slice, ok := m.sample.Slices[column]
	if !ok {
		c.Slice = r.SliceText()
		return []task{failed(c, fmt.Sprintf("the predictions have no column %q; they have %s", column,
			strings.Join(d.evidence.Candidate.Predictions.Header, ", ")))}
	}
	if r.Slice != nil {
		c.Slice = r.SliceText()
		code := slices.Index(slice.Values, r.Slice.Value)
		if code < 0 {
			return []task{failed(c, fmt.Sprintf("no example has %s; the values are %s", c.Slice, some(slice.Values)))}
		}
		return []task{d.measure(m, c, r, info, column, int32(code), alone)}
	}
	if r.MaxGap != nil {
		c.Slice = column
		return []task{d.measureGap(m, c, r, column, slice.Values)}
	}
	var tasks []task
	for code, v := range slice.Values {
		c.Slice = rules.SliceName(column, v)
		tasks = append(tasks, d.measure(m, c, r, info, column, int32(code), alone))
	}
	return tasks
}

// championState says whether the candidate can be compared with the champion:
// Pass, or the verdict to record with its reason.
func (d *decider) championState() (Verdict, string) {
	e := &d.evidence
	const again = `evaluate again: terraform apply -replace=<address of the titanicml_evaluation>`
	switch {
	case e.Rollback:
		return Skipped, "rollback: the version was approved before, comparisons with the champion are skipped"
	case e.Champion == nil && e.Baseline == nil:
		return FirstPromotion, "no champion yet, nothing to compare with"
	case e.Champion == nil:
		return Fail, fmt.Sprintf("the evaluation compares with %s, but the group has no champion now; %s", e.Baseline.ModelPackageARN, again)
	}
	if e.Champion.Defect != "" {
		return Fail, "the champion is not known: " + e.Champion.Defect
	}
	self := e.Champion.ModelPackageARN == e.CandidateARN
	switch {
	case e.Baseline == nil && self && e.Champion.PreviousARN == "":
		return FirstPromotion, "the candidate is the first champion itself, nothing to compare with"
	case e.Baseline == nil:
		return Fail, fmt.Sprintf("the evaluation has no baseline, but %s is the champion; set baseline_group on it and %s", e.Champion.ModelPackageARN, again)
	case e.Baseline.ModelPackageARN == e.Champion.ModelPackageARN:
	case self && e.Baseline.ModelPackageARN == e.Champion.PreviousARN:
	default:
		return Fail, fmt.Sprintf("the evaluation compares with %s, but the champion now is %s; %s", e.Baseline.ModelPackageARN, e.Champion.ModelPackageARN, again)
	}
	return Pass, ""
}

func failed(c Check, reason string) task {
	c.Verdict, c.Reason = Fail, reason
	return task{check: c, interval: -1}
}

// measure computes the value or gain of one slice and asks for its interval.
func (d *decider) measure(m *measures, c Check, r rules.Requirement, info metric.Info, column string, code int32, alone bool) task {
	at := measure.Statistic{Metric: r.Metric, Threshold: r.ScoreThreshold(), Column: column, Code: code}
	v := m.sample.Value(measure.Candidate, at)
	c.Examples = v.Examples
	if r.MinExamples != nil && v.Examples < *r.MinExamples {
		c.Observed = &v.Number
		return failed(c, fmt.Sprintf("%d examples, at least %d are required", v.Examples, *r.MinExamples))
	}
	if v.Err != nil {
		return failed(c, fmt.Sprintf("%s is %v", r.Metric, v.Err))
	}
	if alone {
		c.Candidate = &v.Number
		return task{check: c, req: r, interval: -1}
	}
	t := task{check: c, req: r, value: v.Number}
	if r.VersusChampion == nil {
		t.interval = m.intervals.Plain(at, shownConfidence(r))
		return t
	}
	base := m.sample.Value(measure.Champion, at)
	if base.Err != nil {
		return failed(c, fmt.Sprintf("the champion's %s is %v", r.Metric, base.Err))
	}
	t.check.Candidate, t.check.Champion = &v.Number, &base.Number
	t.value = measure.Gain(v.Number, base.Number, r.VersusChampion.Relative, info.LowerIsBetter)
	t.why = fmt.Sprintf("candidate %s, champion %s: ", metric.Number(v.Number), metric.Number(base.Number))
	if math.IsNaN(t.value) {
		return failed(t.check, "the champion's value is 0, a relative gain is undefined; drop relative")
	}
	t.interval = m.intervals.Gain(at, r.VersusChampion.Relative, shownConfidence(r))
	return t
}

func (d *decider) measureGap(m *measures, c Check, r rules.Requirement, column string, values []string) task {
	lo, hi := 0, 0
	numbers := make([]float64, len(values))
	var between []measure.Statistic
	for code, name := range values {
		at := measure.Statistic{Metric: r.Metric, Threshold: r.ScoreThreshold(), Column: column, Code: int32(code)}
		v := m.sample.Value(measure.Candidate, at)
		c.Examples += v.Examples
		if r.MinExamples != nil && v.Examples < *r.MinExamples {
			return failed(c, fmt.Sprintf("%s=%s has %d examples, at least %d are required in every slice", column, name, v.Examples, *r.MinExamples))
		}
		if v.Err != nil {
			return failed(c, fmt.Sprintf("%s for %s=%s is %v", r.Metric, column, name, v.Err))
		}
		numbers[code] = v.Number
		if v.Number < numbers[lo] {
			lo = code
		}
		if v.Number > numbers[hi] {
			hi = code
		}
		between = append(between, at)
	}
	if len(values) < 2 {
		return failed(c, fmt.Sprintf("column %q has one value only (%s), a gap needs two slices", column, values[0]))
	}
	why := fmt.Sprintf("highest %s (%s), lowest %s (%s): ", metric.Number(numbers[hi]), values[hi], metric.Number(numbers[lo]), values[lo])
	return task{check: c, req: r, value: numbers[hi] - numbers[lo], why: why, interval: m.intervals.Gap(between, shownConfidence(r))}
}

// shownConfidence is what was asked for, or that of an interval which is only shown.
func shownConfidence(r rules.Requirement) float64 {
	if c := r.AskedConfidence(); c != nil {
		return *c
	}
	return informational
}

// fromReport takes a metric the predictions cannot give.
func (d *decider) fromReport(m *measures, c Check, r rules.Requirement, alone bool) task {
	report := d.evidence.Candidate.Report
	switch {
	case report == nil && m.sample == nil:
		return failed(c, "there is neither a report nor predictions to take it from")
	case report == nil:
		report = &evidence.Report{}
	}
	v, ok := report.Metrics[r.Metric]
	if !ok {
		return failed(c, missingMetric(r.Metric, report, m.sample))
	}
	if !metric.Finite(v.Number) {
		return failed(c, fmt.Sprintf("the report says %s, a finite number is expected", metric.Number(v.Number)))
	}
	info, known := metric.Lookup(r.Metric)
	if known && outside(info, v.Number) {
		return failed(c, fmt.Sprintf("the report says %s, which %s cannot be", metric.Number(v.Number), r.Metric))
	}
	needs := ""
	switch {
	case r.AskedConfidence() != nil:
		needs = "a confidence bound"
	case r.SliceColumn() != "":
		needs, c.Slice = "a slice", r.SliceText()
	case r.MinExamples != nil:
		needs = "a number of examples"
	case r.DecisionThreshold != nil:
		needs = "a decision threshold"
	}
	if needs != "" {
		return failed(c, needs+" needs predictions, and the gate cannot compute this metric from them; only the report has it")
	}
	t := task{check: c, req: r, value: v.Number, interval: -1, why: "from the report: "}
	if r.VersusChampion == nil {
		return t
	}
	if !known {
		return failed(c, "it is not known whether high or low is better, so that a comparison with the champion has no direction; use min or max")
	}
	if alone {
		t.check.Candidate = &v.Number
		return t
	}
	base := d.evidence.Baseline.Report
	if base == nil || !metric.Finite(base.Metrics[r.Metric].Number) {
		return failed(c, "the champion's report has no finite value of it")
	}
	b, ok := base.Metrics[r.Metric]
	if !ok {
		return failed(c, "the champion's report does not have it")
	}
	if outside(info, b.Number) {
		return failed(c, fmt.Sprintf("the champion's report says %s, which %s cannot be", metric.Number(b.Number), r.Metric))
	}
	t.check.Candidate, t.check.Champion = &v.Number, &b.Number
	t.value = measure.Gain(v.Number, b.Number, r.VersusChampion.Relative, info.LowerIsBetter)
	t.why = fmt.Sprintf("from the reports, candidate %s, champion %s: ", metric.Number(v.Number), metric.Number(b.Number))
	return t
}

// outside says that a value lies where the metric has none.
func outside(info metric.Info, v float64) bool {
	return info.Bounded && (v < 0 || v > 1) || info.NonNegative && v < 0
}

func missingMetric(name string, report *evidence.Report, s *measure.Sample) string {
	var names []string
	for n := range report.Metrics {
		names = append(names, n)
	}
	if s != nil {
		names = append(names, metric.Names(s.Problem)...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return fmt.Sprintf("there is no metric %q: the report has none, and there are no predictions that could be read", name)
	}
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("there is no metric %q; is %s meant?", name, near)
	}
	return fmt.Sprintf("there is no metric %q; there are %s", name, some(names))
}

// judge compares a value, or the bound of its interval, with what is required.
func (d *decider) judge(t task, bounds []bootstrap.Bounds) {
	c := t.check
	if c.Verdict != "" {
		d.add(c)
		return
	}
	observed := t.value
	if t.req.Drops() {
		observed = -observed
	}
	c.Observed = &observed
	lower, upper, undefined := observed, observed, 0.0
	if t.interval >= 0 {
		b := bounds[t.interval]
		if t.req.Drops() {
			b.Lower, b.Upper = -b.Upper, -b.Lower
		}
		c.Lower, c.Upper, undefined = &b.Lower, &b.Upper, b.Undefined
		if asked := t.req.AskedConfidence(); asked != nil {
			c.Confidence = asked
			lower, upper = b.Lower, b.Upper
		} else {
			shown := informational
			c.Confidence = &shown
		}
	}
	atLeast, limit := t.req.Limit()
	// Comparisons are written so that NaN fails.
	ok := lower >= limit-slackFor(t.req)
	decisive, name := lower, "lower"
	if !atLeast {
		ok = upper <= limit+slackFor(t.req)
		decisive, name = upper, "upper"
	}
	c.Verdict = Fail
	if ok {
		c.Verdict = Pass
	}
	subject := t.req.Subject()
	if t.req.AskedConfidence() != nil {
		subject = fmt.Sprintf("%s bound at %s%%", name, metric.Number(math.Round(*t.req.AskedConfidence()*1e6)/1e4))
	}
	c.Reason = t.why + compared(subject, decisive, limit, atLeast, ok)
	if undefined > 0 && t.req.AskedConfidence() != nil {
		c.Reason += fmt.Sprintf("; undefined in %s%% of the replicates, more examples are needed", metric.Number(100*undefined))
	}
	d.add(c)
}

// slackFor allows for rounding where a difference was taken; plain values are
// compared exactly.
func slackFor(r rules.Requirement) float64 {
	if r.VersusChampion != nil || r.MaxGap != nil {
		return slack
	}
	return 0
}

// compared writes "observed 0.81 >= 0.78", with all digits where six would
// print both sides of a failure alike.
func compared(subject string, x, limit float64, atLeast, ok bool) string {
	sign := map[[2]bool]string{{true, true}: ">=", {true, false}: "<", {false, true}: "<=", {false, false}: ">"}[[2]bool{atLeast, ok}]
	a, b := metric.Number(x), metric.Number(limit)
	if a == b && !ok {
		a = strconv.FormatFloat(x, 'g', -1, 64)
	}
	return fmt.Sprintf("%s %s %s %s", subject, a, sign, b)
}

// some lists the first few names.
func some(names []string) string {
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
