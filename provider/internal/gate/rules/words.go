package rules

import (
	"fmt"
	"math"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// Title is the requirement as a person would say it: "auc >= 0.8 at 95%".
func (r Requirement) Title() string {
	name := r.Metric
	if r.DecisionThreshold != nil {
		name += "@" + metric.Number(*r.DecisionThreshold)
	}
	switch {
	case r.Min != nil:
		name += " >= " + metric.Number(*r.Min)
	case r.Max != nil:
		name += " <= " + metric.Number(*r.Max)
	case r.MaxGap != nil:
		name += " gap <= " + metric.Number(*r.MaxGap)
	case r.VersusChampion != nil:
		unit := ""
		if r.VersusChampion.Relative {
			unit = " (relative)"
		}
		if r.VersusChampion.MinGain != nil {
			name += " " + r.Subject() + " >= " + metric.Number(*r.VersusChampion.MinGain) + unit
		} else if r.VersusChampion.MaxDrop != nil {
			name += " " + r.Subject() + " <= " + metric.Number(*r.VersusChampion.MaxDrop) + unit
		}
	}
	if c := r.AskedConfidence(); c != nil {
		name += fmt.Sprintf(" at %s%%", metric.Number(math.Round(*c*1e6)/1e4))
	}
	if r.MinExamples != nil {
		name += fmt.Sprintf(", n >= %d", *r.MinExamples)
	}
	return name
}

// Limit is the number to compare with, and the direction.
func (r Requirement) Limit() (atLeast bool, limit float64) {
	switch {
	case r.Min != nil:
		return true, *r.Min
	case r.Max != nil:
		return false, *r.Max
	case r.MaxGap != nil:
		return false, *r.MaxGap
	case r.VersusChampion.MinGain != nil:
		return true, *r.VersusChampion.MinGain
	}
	return false, *r.VersusChampion.MaxDrop
}

// Drops says that the requirement bounds how much worse the candidate is: value, interval and bound are then of that.
func (r Requirement) Drops() bool { return r.VersusChampion != nil && r.VersusChampion.MaxDrop != nil }

// Subject is what the reader is shown. A metric that is better low gets worse by rising.
func (r Requirement) Subject() string {
	info, _ := metric.Lookup(r.Metric)
	switch {
	case r.Drops() && info.LowerIsBetter:
		return "rise"
	case r.Drops():
		return "drop"
	case r.VersusChampion != nil && info.LowerIsBetter:
		return "fall"
	case r.VersusChampion != nil:
		return "gain"
	case r.MaxGap != nil:
		return "gap"
	}
	return "observed"
}

// BoundText is the comparison as the table prints it.
func (r Requirement) BoundText() string {
	if r.Min == nil && r.Max == nil && r.MaxGap == nil &&
		(r.VersusChampion == nil || r.VersusChampion.MinGain == nil && r.VersusChampion.MaxDrop == nil) {
		return "none"
	}
	atLeast, limit := r.Limit()
	if atLeast {
		return ">= " + metric.Number(limit)
	}
	return "<= " + metric.Number(limit)
}

// SliceText is the slice of a requirement as the table prints it: "sex=female", or the column.
func (r Requirement) SliceText() string {
	if r.Slice != nil {
		return SliceName(r.Slice.Column, r.Slice.Value)
	}
	return r.EachSlice
}

// SliceName is "sex=female", with quotes where the value would not be seen.
func SliceName(column, value string) string {
	if value == "" {
		value = `""`
	}
	return column + "=" + value
}
