package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/report/chart"
)

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
func scales(r *decision.StoredRecord) map[string]chart.Axis {
	out := map[string]chart.Axis{}
	for _, c := range r.Checks {
		limit, _, ok := limit(r, c)
		if !ok || c.Observed == nil {
			continue
		}
		key := scaleKey(r, c)
		a, seen := out[key]
		if !seen {
			a = chart.Axis{Low: math.Inf(1), High: math.Inf(-1)}
		}
		for _, v := range []*float64{c.Observed, c.Lower, c.Upper, &limit} {
			if v != nil {
				a.Low, a.High = min(a.Low, *v), max(a.High, *v)
			}
		}
		out[key] = a
	}
	for key, a := range out {
		span := a.High - a.Low
		if span <= 0 {
			span = max(math.Abs(a.High), 1e-3) / 10
		}
		step := chart.NiceStep(span*1.1, 5)
		low, high := math.Floor((a.Low-span*0.04)/step)*step, math.Ceil((a.High+span*0.04)/step)*step
		if key == "value" || key == "gap" {
			low, high = max(low, 0), min(high, 1)
		}
		if strings.HasPrefix(key, "gap") {
			low = 0 // how far from no gap at all
		}
		out[key] = chart.Axis{Low: low, High: high}
	}
	return out
}

// strip draws one check to scale: where its value may lie, the interval, the
// value and the bound. Empty where there is nothing to draw.
func strip(id string, r *decision.StoredRecord, c gate.Check, scales map[string]chart.Axis) template.HTML {
	limit, atLeast, ok := limit(r, c)
	if !ok || c.Observed == nil {
		return ""
	}
	const width, height, middle, foot = 280.0, 50.0, 24.0, 47.0
	a := scales[scaleKey(r, c)]
	a.From, a.To = 18, width-18
	d := chart.NewCanvas(id, width, height, c.Requirement+", "+sliceName(c), stripDescription(r, c))
	step := chart.NiceStep(a.High-a.Low, 5)
	if atLeast {
		d.Rect("allowed", a.Clamped(limit), middle-9, a.To-a.Clamped(limit), 18, "")
	} else {
		d.Rect("allowed", a.From, middle-9, a.Clamped(limit)-a.From, 18, "")
	}
	d.Line("rule", a.From, middle+9, a.To, middle+9)
	for _, v := range chart.Ticks(a.Low, a.High, step) {
		d.Line("rule", a.At(v), middle+9, a.At(v), middle+12)
		d.Text("tick", "middle", a.At(v), foot, chart.TickLabel(v, step))
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
		d.Line("range "+class, a.Clamped(low), middle, a.Clamped(high), middle)
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
			d.Line(cap, a.Clamped(end.v), middle-half, a.Clamped(end.v), middle+half)
		}
	}
	d.Circle("value "+class, a.Clamped(*c.Observed), middle, 4, "")
	d.Line("limit", a.Clamped(limit), middle-12, a.Clamped(limit), middle+9)
	sign := "≤ "
	if atLeast {
		sign = "≥ "
	}
	anchor := "middle"
	switch x := a.Clamped(limit); {
	case x < 30:
		anchor = "start"
	case x > width-30:
		anchor = "end"
	}
	d.Text("label", anchor, a.Clamped(limit), 9, sign+chart.Short(limit))
	return d.Markup()
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
