// Package rules is what a person demands of a model before it may be promoted.
//
// In: requirements on metrics and rules on the evidence, as they are written. Out:
// every mistake that can be found without evidence, at its field; and for the gate
// what is to be compared with what, in which direction, and in which words.
package rules

import (
	"encoding/json"
	"fmt"
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

// Evidence are demands on the evidence itself.
type Evidence struct {
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

// AskedConfidence is the confidence asked for, wherever it is written; nil when the point estimate decides.
func (r Requirement) AskedConfidence() *float64 {
	if r.VersusChampion != nil {
		return r.VersusChampion.Confidence
	}
	return r.Confidence
}

// ScoreThreshold is the score from which class 1 is predicted.
func (r Requirement) ScoreThreshold() float64 {
	if r.DecisionThreshold != nil {
		return *r.DecisionThreshold
	}
	return DefaultThreshold
}

// SliceColumn is the column that the requirement slices by, "" for none.
func (r Requirement) SliceColumn() string {
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
	threshold := r.ScoreThreshold()
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
		if r.Metric != o.Metric || r.ScoreThreshold() != o.ScoreThreshold() || !r.sameExamples(o) || r.Severity == Warn || o.Severity == Warn {
			continue
		}
		switch {
		case r.Min != nil && o.Max != nil && *r.Min > *o.Max:
			v.add("min", fmt.Sprintf("is %s, above max = %s of requirements[%d]; both can never hold", metric.Number(*r.Min), metric.Number(*o.Max), i))
		case r.Max != nil && o.Min != nil && *o.Min > *r.Max:
			v.add("max", fmt.Sprintf("is %s, below min = %s of requirements[%d]; both can never hold", metric.Number(*r.Max), metric.Number(*o.Min), i))
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
func ValidateEvidence(e Evidence) []FieldError {
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
		if !metric.Finite(*t) || *t < 0 || *t > 1 {
			v.add("decision_threshold", fmt.Sprintf("is %s; a score between 0 and 1 is expected", metric.Number(*t)))
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
	case !metric.Finite(*bound):
		v.add(field, fmt.Sprintf("is %s; a finite number is expected", metric.Number(*bound)))
	case info.Bounded && (*bound < 0 || *bound > 1):
		hint := ""
		if *bound > 1 && *bound <= 100 {
			hint = fmt.Sprintf("; is %s meant?", metric.Number(*bound/100))
		}
		v.add(field, fmt.Sprintf("is %s, but %s lies between 0 and 1%s", metric.Number(*bound), info.Name, hint))
	case info.NonNegative && *bound < 0:
		v.add(field, fmt.Sprintf("is %s, but %s is never negative", metric.Number(*bound), info.Name))
	}
}

func (v validator) confidence(field string, c *float64) {
	if c != nil && (!metric.Finite(*c) || *c < 0.5 || *c > 0.999) {
		v.add(field, fmt.Sprintf("is %s; between 0.5 and 0.999 is expected, for example 0.95", metric.Number(*c)))
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
		case !metric.Finite(*x) || *x < 0:
			v.add(field, fmt.Sprintf("is %s; a number from 0 on is expected (a drop is written as a positive number)", metric.Number(*x)))
		case (info.Bounded || c.Relative) && *x > 1:
			v.add(field, fmt.Sprintf("is %s; at most 1 is expected", metric.Number(*x)))
		}
	}
	check("versus_champion.min_gain", c.MinGain)
	check("versus_champion.max_drop", c.MaxDrop)
}

func (v validator) gap(r Requirement, info metric.Info) {
	g := *r.MaxGap
	switch {
	case !metric.Finite(g) || g < 0:
		v.add("max_gap", fmt.Sprintf("is %s; a number from 0 on is expected", metric.Number(g)))
	case info.Bounded && g > 1:
		v.add("max_gap", fmt.Sprintf("is %s, but %s lies between 0 and 1", metric.Number(g), info.Name))
	}
	if r.EachSlice == "" {
		v.add("max_gap", "needs each_slice, the column whose slices are compared")
	}
	if r.Slice != nil {
		v.add("slice", "contradicts max_gap, which compares all slices of each_slice")
	}
}

func (v validator) positive(field string, x *float64) {
	if x != nil && (!metric.Finite(*x) || *x <= 0) {
		v.add(field, fmt.Sprintf("is %s; a positive number is expected", metric.Number(*x)))
	}
}
