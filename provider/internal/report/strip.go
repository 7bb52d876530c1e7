package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// sortedBy is the order of values.
func sortedBy(values []float64) []int32 {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	return order
}

// scaleKey names the checks that share a scale: values between 0 and 1 are all
// drawn on one, so that they compare down the page, and so are gains and gaps
// of such values. Everything else has a scale per metric.
func scaleKey(r *decision.StoredRecord, c gate.Check) string {
	kind := "value"
	relative := false
	if c.Index >= 0 && c.Index < len(r.Requirements) {
		q := r.Requirements[c.Index]
		switch {
		case q.MaxGap != nil:
			kind = "gap"
		case q.VersusChampion != nil:
			kind, relative = "gain", q.VersusChampion.Relative
			if q.VersusChampion.MaxDrop != nil {
				kind = "drop"
			}
		}
	}
	info, _ := metric.Lookup(c.Metric)
	switch {
	case relative:
		return "relative " + kind
	case info.Bounded:
		return kind
	}
	return kind + " " + c.Metric
}

// scales finds the domain of every scale, rounded outwards to its ticks.
func scales(r *decision.StoredRecord) map[string]axis {
	out := map[string]axis{}
	for _, c := range r.Checks {
		limit, _, ok := limit(r, c)
		if !ok || c.Observed == nil {
			continue
		}
		key := scaleKey(r, c)
		a, seen := out[key]
		if !seen {
			a = axis{low: math.Inf(1), high: math.Inf(-1)}
		}
		for _, v := range []*float64{c.Observed, c.Lower, c.Upper, &limit} {
			if v != nil {
				a.low, a.high = min(a.low, *v), max(a.high, *v)
			}
		}
		out[key] = a
	}
	for key, a := range out {
		span := a.high - a.low
		if span <= 0 {
			span = max(math.Abs(a.high), 1e-3) / 10
		}
		step := niceStep(span*1.1, 5)
		low, high := math.Floor((a.low-span*0.04)/step)*step, math.Ceil((a.high+span*0.04)/step)*step
		if key == "value" || key == "gap" {
			low, high = max(low, 0), min(high, 1)
		}
		if strings.HasPrefix(key, "gap") {
			low = 0 // how far from no gap at all
		}
		out[key] = axis{low: low, high: high}
	}
	return out
}

// strip draws one check to scale: where its value may lie, the interval, the
// value and the bound. Empty where there is nothing to draw.
func strip(id string, r *decision.StoredRecord, c gate.Check, scales map[string]axis) template.HTML {
	limit, atLeast, ok := limit(r, c)
	if !ok || c.Observed == nil {
		return ""
	}
	const width, height, middle, foot = 280.0, 50.0, 24.0, 47.0
	a := scales[scaleKey(r, c)]
	a.from, a.to = 18, width-18
	d := newCanvas(id, width, height, c.Requirement+", "+sliceName(c), stripDescription(r, c))
	step := niceStep(a.high-a.low, 5)
	if atLeast {
		d.rect("allowed", a.clamped(limit), middle-9, a.to-a.clamped(limit), 18, "")
	} else {
		d.rect("allowed", a.from, middle-9, a.clamped(limit)-a.from, 18, "")
	}
	d.line("rule", a.from, middle+9, a.to, middle+9)
	for _, v := range ticks(a.low, a.high, step) {
		d.line("rule", a.at(v), middle+9, a.at(v), middle+12)
		d.text("tick", "middle", a.at(v), foot, tickLabel(v, step))
	}
	_, class, _ := verdictWord(c.Verdict)
	low, high := *c.Observed, *c.Observed
	if c.Lower != nil {
		low = *c.Lower
	}
	if c.Upper != nil {
		high = *c.Upper
	}
	if c.Lower != nil || c.Upper != nil {
		d.line("range "+class, a.clamped(low), middle, a.clamped(high), middle)
		for _, end := range []struct {
			v        float64
			decisive bool
			there    bool
		}{{low, atLeast, c.Lower != nil}, {high, !atLeast, c.Upper != nil}} {
			if !end.there {
				continue
			}
			cap, half := "cap "+class, 4.0
			if end.decisive && asked(r, c) {
				cap, half = "cap decisive "+class, 7.0
			}
			d.line(cap, a.clamped(end.v), middle-half, a.clamped(end.v), middle+half)
		}
	}
	d.circle("value "+class, a.clamped(*c.Observed), middle, 4, "")
	d.line("limit", a.clamped(limit), middle-12, a.clamped(limit), middle+9)
	sign := "≤ "
	if atLeast {
		sign = "≥ "
	}
	anchor := "middle"
	switch x := a.clamped(limit); {
	case x < 30:
		anchor = "start"
	case x > width-30:
		anchor = "end"
	}
	d.text("label", anchor, a.clamped(limit), 9, sign+short(limit))
	return d.markup()
}

func stripDescription(r *decision.StoredRecord, c gate.Check) string {
	word, _, _ := verdictWord(c.Verdict)
	s := fmt.Sprintf("%s: observed %s", word, optional(c.Observed))
	if c.Confidence != nil && (c.Lower != nil || c.Upper != nil) {
		s += fmt.Sprintf(", one-sided %s bounds %s", percent(*c.Confidence), interval(c))
		if asked(r, c) {
			s += " of which the bound towards the limit decides"
		}
	}
	return s + ", required " + c.Bound + "."
}

// sliceName is the slice of a check in words.
func sliceName(c gate.Check) string {
	if c.Slice == "" || c.Slice == "all" {
		return "all examples"
	}
	return c.Slice
}
