// Package gate decides whether a model version may be promoted.
//
// In: requirements written by a person, and evidence read by somebody else
// (predictions, report, digests, the champion's same, and the time). Out: a
// decision with every reason, one Check per requirement and slice, in the order
// of the requirements, never cut short. Nothing here reads a file, a clock or a
// network; the same input gives the same bits.
//
// The gate fails closed: a missing metric, slice or file, a value that is not a
// number, or evidence that contradicts itself rejects.
package gate

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// Severity says what a failed requirement does.
type Severity string

// Block rejects the candidate; Warn is reported and does not.
const (
	Block Severity = "block"
	Warn  Severity = "warn"
)

// DefaultThreshold is the score from which class 1 is predicted.
const DefaultThreshold = 0.5

// Requirement is one demand on a metric. Exactly one of Min, Max,
// VersusChampion and MaxGap is set.
type Requirement struct {
	Metric            string          `json:"metric"`
	Min               *float64        `json:"min,omitempty"`
	Max               *float64        `json:"max,omitempty"`
	Confidence        *float64        `json:"confidence,omitempty"`
	VersusChampion    *VersusChampion `json:"versus_champion,omitempty"`
	Slice             *Slice          `json:"slice,omitempty"`
	EachSlice         string          `json:"each_slice,omitempty"`
	MaxGap            *float64        `json:"max_gap,omitempty"`
	MinExamples       *int64          `json:"min_examples,omitempty"`
	DecisionThreshold *float64        `json:"decision_threshold,omitempty"`
	Severity          Severity        `json:"severity,omitempty"`
}

// VersusChampion compares the candidate with the champion on the same examples.
// Exactly one of MinGain (superiority) and MaxDrop (non-inferiority) is set,
// both in the better direction of the metric.
type VersusChampion struct {
	MinGain *float64 `json:"min_gain,omitempty"`
	MaxDrop *float64 `json:"max_drop,omitempty"`
	// Relative measures the gain as a share of the champion's value.
	Relative   bool     `json:"relative,omitempty"`
	Confidence *float64 `json:"confidence,omitempty"`
}

// Slice is the examples whose column has the value.
type Slice struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}

// EvidenceRules are demands on the evidence itself.
type EvidenceRules struct {
	MinExamples   *int64         `json:"min_examples,omitempty"`
	MaxAge        *time.Duration `json:"max_age_ns,omitempty"`
	DatasetSHA256 string         `json:"dataset_sha256,omitempty"`
	// Leakage: nil checks when the evaluation names its training data, true
	// also rejects when it does not, false switches the check off.
	Leakage            *bool    `json:"leakage_check,omitempty"`
	MaxP95LatencyMS    *float64 `json:"max_p95_latency_ms,omitempty"`
	MaxTrainingCostUSD *float64 `json:"max_training_cost_usd,omitempty"`
	// TrainingPricePerHourUSD of one instance; without it the embedded table
	// is used.
	TrainingPricePerHourUSD *float64 `json:"training_price_per_hour_usd,omitempty"`
}

// FieldError is a mistake in what a person wrote, at a field they can find.
type FieldError struct {
	// Index of the requirement, -1 for evidence rules.
	Index int
	// Field path within it: "min", "versus_champion.max_drop".
	Field string
	// Message says what is wrong, with the value got and the values expected.
	Message string
}

// Error places the message: `requirements[2].min: ...`.
func (e FieldError) Error() string {
	place := "evidence"
	if e.Index >= 0 {
		place = fmt.Sprintf("requirements[%d]", e.Index)
	}
	if e.Field != "" {
		place += "." + e.Field
	}
	return place + ": " + e.Message
}

// confidence asked for, wherever it is written; nil when the point estimate decides.
func (r Requirement) confidence() *float64 {
	if r.VersusChampion != nil {
		return r.VersusChampion.Confidence
	}
	return r.Confidence
}

func (r Requirement) threshold() float64 {
	if r.DecisionThreshold != nil {
		return *r.DecisionThreshold
	}
	return DefaultThreshold
}

// column that the requirement slices by, "" for none.
func (r Requirement) column() string {
	if r.Slice != nil {
		return r.Slice.Column
	}
	return r.EachSlice
}

// ValidateRequirements finds every mistake that can be found without evidence.
func ValidateRequirements(requirements []Requirement) []FieldError {
	var errs []FieldError
	seen := map[string]int{}
	for i, r := range requirements {
		v := validator{index: i, errs: &errs}
		v.requirement(r)
		key := r.key()
		first, ok := seen[key]
		if !ok {
			seen[key] = i
			v.contradictions(r, requirements[:i])
			continue
		}
		v.add("", fmt.Sprintf("is the same as requirements[%d]; remove one", first))
	}
	return errs
}

// key is equal for requirements that demand the same of the same examples.
func (r Requirement) key() string {
	threshold := r.threshold()
	r.DecisionThreshold = &threshold
	if r.Severity == "" {
		r.Severity = Block
	}
	body, err := json.Marshal(r)
	if err != nil { // not a finite number, which has a message of its own
		return fmt.Sprintf("%+v", r)
	}
	return string(body)
}

// contradictions finds earlier requirements that can never hold together with r.
func (v validator) contradictions(r Requirement, earlier []Requirement) {
	for i, o := range earlier {
		if r.Metric != o.Metric || r.threshold() != o.threshold() || !r.sameExamples(o) || r.Severity == Warn || o.Severity == Warn {
			continue
		}
		switch {
		case r.Min != nil && o.Max != nil && *r.Min > *o.Max:
			v.add("min", fmt.Sprintf("is %s, above max = %s of requirements[%d]; both can never hold", number(*r.Min), number(*o.Max), i))
		case r.Max != nil && o.Min != nil && *o.Min > *r.Max:
			v.add("max", fmt.Sprintf("is %s, below min = %s of requirements[%d]; both can never hold", number(*r.Max), number(*o.Min), i))
		}
	}
}

func (r Requirement) sameExamples(o Requirement) bool {
	if r.Slice == nil || o.Slice == nil {
		return r.Slice == o.Slice && r.EachSlice == o.EachSlice
	}
	return *r.Slice == *o.Slice
}

// ValidateEvidence finds mistakes in the evidence rules.
func ValidateEvidence(e EvidenceRules) []FieldError {
	var errs []FieldError
	v := validator{index: -1, errs: &errs}
	if e.MinExamples != nil && *e.MinExamples < 1 {
		v.add("min_examples", fmt.Sprintf("is %d; at least 1 is expected", *e.MinExamples))
	}
	if e.MaxAge != nil && *e.MaxAge <= 0 {
		v.add("max_age", fmt.Sprintf("is %s; a positive duration such as \"24h\" is expected", *e.MaxAge))
	}
	if e.DatasetSHA256 != "" && !isSHA256(e.DatasetSHA256) {
		v.add("dataset_sha256", fmt.Sprintf("is %q; 64 hexadecimal digits are expected", e.DatasetSHA256))
	}
	v.positive("max_p95_latency_ms", e.MaxP95LatencyMS)
	v.positive("max_training_cost_usd", e.MaxTrainingCostUSD)
	v.positive("training_price_per_hour_usd", e.TrainingPricePerHourUSD)
	if e.TrainingPricePerHourUSD != nil && e.MaxTrainingCostUSD == nil {
		v.add("training_price_per_hour_usd", "has no effect without max_training_cost_usd")
	}
	return errs
}

func isSHA256(s string) bool {
	if len(s) != 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

type validator struct {
	index int
	errs  *[]FieldError
}

func (v validator) add(field, message string) {
	*v.errs = append(*v.errs, FieldError{v.index, field, message})
}

func (v validator) requirement(r Requirement) {
	if strings.TrimSpace(r.Metric) == "" {
		v.add("metric", "is empty; a metric name such as \"accuracy\" is expected")
		return
	}
	info, known := metric.Lookup(r.Metric)
	v.oneBound(r)
	v.bound("min", r.Min, info)
	v.bound("max", r.Max, info)
	v.confidence("confidence", r.Confidence)
	if r.VersusChampion != nil {
		v.versus(r, info)
	}
	if r.MaxGap != nil {
		v.gap(r, info)
	}
	if r.Slice != nil && r.EachSlice != "" {
		v.add("each_slice", "contradicts slice; write one of them")
	}
	if r.Slice != nil && r.Slice.Column == "" {
		v.add("slice.column", "is empty; a column of the predictions is expected")
	}
	if r.MinExamples != nil && *r.MinExamples < 1 {
		v.add("min_examples", fmt.Sprintf("is %d; at least 1 is expected", *r.MinExamples))
	}
	if t := r.DecisionThreshold; t != nil {
		if !finite(*t) || *t < 0 || *t > 1 {
			v.add("decision_threshold", fmt.Sprintf("is %s; a score between 0 and 1 is expected", number(*t)))
		} else if known && !info.Thresholded {
			v.add("decision_threshold", fmt.Sprintf("has no effect on %s, which uses the scores themselves; remove it", r.Metric))
		}
	}
	if r.Severity != "" && r.Severity != Block && r.Severity != Warn {
		v.add("severity", fmt.Sprintf("is %q; \"block\" or \"warn\" is expected", string(r.Severity)))
	}
}

func (v validator) oneBound(r Requirement) {
	var set []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"min", r.Min != nil}, {"max", r.Max != nil}, {"versus_champion", r.VersusChampion != nil}, {"max_gap", r.MaxGap != nil}} {
		if f.set {
			set = append(set, f.name)
		}
	}
	switch len(set) {
	case 0:
		v.add("", "has no bound; exactly one of min, max, versus_champion, max_gap is expected")
	case 1:
	default:
		v.add(set[1], fmt.Sprintf("stands beside %s; exactly one of min, max, versus_champion, max_gap is expected, write two requirements", set[0]))
	}
}

func (v validator) bound(field string, bound *float64, info metric.Info) {
	switch {
	case bound == nil:
	case !finite(*bound):
		v.add(field, fmt.Sprintf("is %s; a finite number is expected", number(*bound)))
	case info.Bounded && (*bound < 0 || *bound > 1):
		hint := ""
		if *bound > 1 && *bound <= 100 {
			hint = fmt.Sprintf("; is %s meant?", number(*bound/100))
		}
		v.add(field, fmt.Sprintf("is %s, but %s lies between 0 and 1%s", number(*bound), info.Name, hint))
	case info.NonNegative && *bound < 0:
		v.add(field, fmt.Sprintf("is %s, but %s is never negative", number(*bound), info.Name))
	}
}

func (v validator) confidence(field string, c *float64) {
	if c != nil && (!finite(*c) || *c < 0.5 || *c > 0.999) {
		v.add(field, fmt.Sprintf("is %s; between 0.5 and 0.999 is expected, for example 0.95", number(*c)))
	}
}

func (v validator) versus(r Requirement, info metric.Info) {
	c := r.VersusChampion
	if r.Confidence != nil {
		v.add("confidence", "belongs inside versus_champion for a comparison with the champion")
	}
	if info.Neutral {
		v.add("versus_champion", fmt.Sprintf("makes no sense for %s, which is neither better high nor low; use min and max", info.Name))
	}
	v.confidence("versus_champion.confidence", c.Confidence)
	switch {
	case c.MinGain == nil && c.MaxDrop == nil:
		v.add("versus_champion", "has no bound; exactly one of min_gain, max_drop is expected")
	case c.MinGain != nil && c.MaxDrop != nil:
		v.add("versus_champion.max_drop", "stands beside min_gain; exactly one of them is expected")
	}
	check := func(field string, x *float64) {
		switch {
		case x == nil:
		case !finite(*x) || *x < 0:
			v.add(field, fmt.Sprintf("is %s; a number from 0 on is expected (a drop is written as a positive number)", number(*x)))
		case (info.Bounded || c.Relative) && *x > 1:
			v.add(field, fmt.Sprintf("is %s; at most 1 is expected", number(*x)))
		}
	}
	check("versus_champion.min_gain", c.MinGain)
	check("versus_champion.max_drop", c.MaxDrop)
}

func (v validator) gap(r Requirement, info metric.Info) {
	g := *r.MaxGap
	switch {
	case !finite(g) || g < 0:
		v.add("max_gap", fmt.Sprintf("is %s; a number from 0 on is expected", number(g)))
	case info.Bounded && g > 1:
		v.add("max_gap", fmt.Sprintf("is %s, but %s lies between 0 and 1", number(g), info.Name))
	}
	if r.EachSlice == "" {
		v.add("max_gap", "needs each_slice, the column whose slices are compared")
	}
	if r.Slice != nil {
		v.add("slice", "contradicts max_gap, which compares all slices of each_slice")
	}
}

func (v validator) positive(field string, x *float64) {
	if x != nil && (!finite(*x) || *x <= 0) {
		v.add(field, fmt.Sprintf("is %s; a positive number is expected", number(*x)))
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Title is the requirement as a person would say it: "auc >= 0.8 (95%)".
func (r Requirement) Title() string {
	name := r.Metric
	if r.DecisionThreshold != nil {
		name += "@" + number(*r.DecisionThreshold)
	}
	switch {
	case r.Min != nil:
		name += " >= " + number(*r.Min)
	case r.Max != nil:
		name += " <= " + number(*r.Max)
	case r.MaxGap != nil:
		name += " gap <= " + number(*r.MaxGap)
	case r.VersusChampion != nil:
		unit := ""
		if r.VersusChampion.Relative {
			unit = " (relative)"
		}
		if r.VersusChampion.MinGain != nil {
			name += " " + r.subject() + " >= " + number(*r.VersusChampion.MinGain) + unit
		} else if r.VersusChampion.MaxDrop != nil {
			name += " " + r.subject() + " <= " + number(*r.VersusChampion.MaxDrop) + unit
		}
	}
	if c := r.confidence(); c != nil {
		name += fmt.Sprintf(" at %s%%", number(math.Round(*c*1e6)/1e4))
	}
	if r.MinExamples != nil {
		name += fmt.Sprintf(", n >= %d", *r.MinExamples)
	}
	return name
}
