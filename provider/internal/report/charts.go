package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
)

// Sizes in pixels of a phone's width, at which all charts are drawn.
const (
	chartWidth  = 360.0
	chartHeight = 330.0
	marginLeft  = 46.0
	marginRight = 12.0
	marginTop   = 12.0
	marginFoot  = 46.0
)

// unseen is the tolerance to which curves are reduced: a third of a pixel.
const unseen = 0.001

// plot is a frame with axes.
type plot struct {
	*canvas
	x, y axis
}

// newPlot draws grid, tick labels and axis titles.
func newPlot(id, title, description, xTitle, yTitle string, x, y axis) *plot {
	p := &plot{canvas: newCanvas(id, chartWidth, chartHeight, title, description), x: x, y: y}
	p.x.from, p.x.to = marginLeft, chartWidth-marginRight
	p.y.from, p.y.to = chartHeight-marginFoot, marginTop
	step := niceStep(p.x.high-p.x.low, 5)
	for _, v := range ticks(p.x.low, p.x.high, step) {
		p.line("grid", p.x.at(v), p.y.from, p.x.at(v), p.y.to)
		p.text("tick", "middle", p.x.at(v), p.y.from+16, tickLabel(v, step))
	}
	step = niceStep(p.y.high-p.y.low, 5)
	for _, v := range ticks(p.y.low, p.y.high, step) {
		p.line("grid", p.x.from, p.y.at(v), p.x.to, p.y.at(v))
		p.text("tick", "end", p.x.from-6, p.y.at(v)+4, tickLabel(math.Abs(v), step))
	}
	p.text("axis", "middle", (p.x.from+p.x.to)/2, chartHeight-8, xTitle)
	p.upright("axis", 12, (p.y.from+p.y.to)/2, yTitle)
	return p
}

var unit = axis{low: 0, high: 1}

func (p *plot) curve(class string, points []point) {
	out := make([]point, 0, len(points))
	for _, q := range thin(points, unseen) {
		out = append(out, point{p.x.at(q.X), p.y.at(q.Y)})
	}
	p.polyline("curve "+class, out)
}

// rocChart draws both models' ROC curves and their working points.
func rocChart(candidate, champion *model) template.HTML {
	p := newPlot("roc", "ROC curves", describe("Area under the curve", "auc", candidate, champion),
		"false positive rate", "true positive rate", unit, unit)
	p.line("guide", p.x.at(0), p.y.at(0), p.x.at(1), p.y.at(1))
	for _, m := range inDrawingOrder(candidate, champion) {
		p.curve(m.class, roc(m.counts))
		p.working(m, m.value("false_positive_rate"), m.value("recall"))
	}
	p.legend(candidate, champion, "auc", "AUC", p.x.to-8, p.y.from-10)
	return p.markup()
}

// precisionRecallChart draws both models' precision over recall.
func precisionRecallChart(candidate, champion *model) template.HTML {
	p := newPlot("pr", "Precision-recall curves", describe("Average precision", "average_precision", candidate, champion),
		"recall", "precision", unit, unit)
	if pos, neg := labels(candidate.counts); pos > 0 {
		rate := pos / (pos + neg)
		p.line("guide", p.x.at(0), p.y.at(rate), p.x.at(1), p.y.at(rate))
	}
	for _, m := range inDrawingOrder(candidate, champion) {
		p.curve(m.class, precisionRecall(m.counts))
		p.working(m, m.value("recall"), m.value("precision"))
	}
	p.legend(candidate, champion, "average_precision", "AP", p.x.to-8, p.y.from-10)
	return p.markup()
}

// working marks the point at which the decision threshold puts a model.
func (p *plot) working(m drawn, x, y float64) {
	if math.IsNaN(x) || math.IsNaN(y) {
		return
	}
	p.mark(m.class, p.x.at(x), p.y.at(y), 4.5, fmt.Sprintf("%s at score %s: %s, %s", m.name, short(m.threshold), decimal(x), decimal(y)))
}

func (p *plot) mark(class string, x, y, r float64, tip string) {
	if class == "champion" {
		p.square("mark champion", x, y, r*0.9, tip)
	} else {
		p.circle("mark candidate", x, y, r, tip)
	}
}

// legend writes each model's figure beside a sample of its line, upwards from
// the lower right corner, which curves leave free.
func (p *plot) legend(candidate, champion *model, metric, label string, x, y float64) {
	rows := inDrawingOrder(candidate, champion)
	height := float64(len(rows))*18 + 8
	const wide = 184.0
	p.rect("panel", x-wide, y-height, wide, height, "")
	for i, m := range rows {
		at := y - height + 17 + float64(len(rows)-1-i)*18
		p.polyline("curve "+m.class, []point{{x - wide + 8, at - 4}, {x - wide + 36, at - 4}})
		p.mark(m.class, x-wide+22, at-4, 4, "")
		p.text("label", "start", x-wide+43, at, m.name)
		p.text("label strong", "end", x-8, at, label+" "+fixed(m.value(metric), 3))
	}
}

// drawn is a model with its name and class.
type drawn struct {
	*model
	name, class string
}

// inDrawingOrder puts the candidate last, on top.
func inDrawingOrder(candidate, champion *model) []drawn {
	var out []drawn
	if champion != nil {
		out = append(out, drawn{champion, "champion", "champion"})
	}
	return append(out, drawn{candidate, "candidate", "candidate"})
}

func describe(what, metric string, candidate, champion *model) string {
	s := fmt.Sprintf("%s of the candidate %s", what, fixed(candidate.value(metric), 4))
	if champion != nil {
		s += ", of the champion " + fixed(champion.value(metric), 4)
	}
	return s + "."
}

// fixed prints a number with some decimals, a dash for NaN.
func fixed(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// calibrationChart draws what came over what was promised, with 95% intervals.
func calibrationChart(candidate, champion *model) template.HTML {
	p := newPlot("calibration", "Calibration", describe("Expected calibration error", "expected_calibration_error", candidate, champion),
		"mean score in a tenth of the scores", "share with label 1", unit, unit)
	p.line("guide", p.x.at(0), p.y.at(0), p.x.at(1), p.y.at(1))
	for _, m := range inDrawingOrder(candidate, champion) {
		bins := calibration(m.p)
		var points []point
		for _, b := range bins {
			x := p.x.at(b.Promised)
			p.line("whisker "+m.class, x, p.y.at(b.Low), x, p.y.at(b.High))
			points = append(points, point{x, p.y.at(b.Came)})
		}
		p.polyline("curve "+m.class, points)
		for i, b := range bins {
			p.mark(m.class, points[i].X, points[i].Y, 4, fmt.Sprintf("%s: mean score %s, share with label 1 %s (95%%: %s to %s), %s examples",
				m.name, decimal(b.Promised), decimal(b.Came), decimal(b.Low), decimal(b.High), thousands(b.Examples)))
		}
	}
	p.legend(candidate, champion, "expected_calibration_error", "ECE", p.x.to-8, p.y.from-10)
	return p.markup()
}

// histogramChart draws the scores of label 1 upwards and of label 0 downwards,
// on the scale of the larger of both models, so that they compare.
func histogramChart(id, name string, m *model, top int64) template.HTML {
	bins := histogram(m.p)
	pos, neg := labels(m.counts)
	p := newPlot(id, "Scores of the "+name+" by label",
		fmt.Sprintf("%s examples with label 1 above the axis, %s with label 0 below.", thousands(int64(pos)), thousands(int64(neg))),
		"score", "examples", unit, axis{low: -float64(top), high: float64(top)})
	width := (p.x.to - p.x.from) / histogramBins
	for k, n := range bins {
		x := p.x.from + float64(k)*width
		span := fmt.Sprintf("scores %s to %s", short(float64(k)/histogramBins), short(float64(k+1)/histogramBins))
		if n[1] > 0 {
			p.rect("bar one", x+0.75, p.y.at(float64(n[1])), width-1.5, p.y.at(0)-p.y.at(float64(n[1])), fmt.Sprintf("%s: %s with label 1", span, thousands(n[1])))
		}
		if n[0] > 0 {
			p.rect("bar zero", x+0.75, p.y.at(0), width-1.5, p.y.at(-float64(n[0]))-p.y.at(0), fmt.Sprintf("%s: %s with label 0", span, thousands(n[0])))
		}
	}
	p.line("rule", p.x.from, p.y.at(0), p.x.to, p.y.at(0))
	p.line("cut", p.x.at(m.threshold), p.y.from, p.x.at(m.threshold), p.y.to)
	p.text("label", "end", p.x.to-6, p.y.to+14, "label 1 ↑")
	p.text("label", "end", p.x.to-6, p.y.from-8, "label 0 ↓")
	p.text("label", "start", p.x.at(m.threshold)+5, p.y.from-8, "threshold "+short(m.threshold))
	return p.markup()
}

// tallest bar of the histograms of some models.
func tallest(models ...*model) int64 {
	top := int64(1)
	for _, m := range models {
		if m == nil {
			continue
		}
		for _, n := range histogram(m.p) {
			top = max(top, n[0], n[1])
		}
	}
	return top
}

// bound is a line a bar has to reach or to stay below.
type bound struct {
	value   float64
	atLeast bool
}

// sliceChart draws one bar per slice and model, to scale, with the bounds.
func sliceChart(id, column, metric string, rows []sliceValue, bounds []bound, hasChampion, bounded bool) template.HTML {
	const top, foot, left = 8.0, 40.0, 108.0
	pitch := 30.0
	if hasChampion {
		pitch = 44
	}
	high := 0.0
	for _, r := range rows {
		for _, v := range []float64{r.Candidate, r.Champion} {
			if !math.IsNaN(v) {
				high = max(high, v)
			}
		}
	}
	for _, b := range bounds {
		high = max(high, b.value)
	}
	if bounded {
		high = 1
	} else {
		high = max(high*1.1, 1e-9)
	}
	height := top + pitch*float64(len(rows)) + foot
	c := newCanvas(id, chartWidth, height, metric+" by "+column, sliceDescription(metric, rows, hasChampion))
	x := axis{from: left, to: chartWidth - 48, low: 0, high: high}
	base := height - foot
	step := niceStep(high, 4)
	for _, v := range ticks(0, high, step) {
		c.line("grid", x.at(v), top, x.at(v), base)
		c.text("tick", "middle", x.at(v), base+15, tickLabel(v, step))
	}
	for i, r := range rows {
		y := top + pitch*float64(i) + 4
		c.text("label strong", "end", left-8, y+pitch/2-6, clip(r.Name, 15))
		c.text("tick", "end", left-8, y+pitch/2+7, "n = "+thousands(r.Examples))
		c.bar("bar candidate", x, y, r.Candidate, "candidate, "+column+" = "+r.Name)
		if hasChampion {
			c.bar("bar champion", x, y+barHeight+1, r.Champion, "champion, "+column+" = "+r.Name)
		}
	}
	c.line("rule", left, top, left, base)
	for _, b := range bounds {
		c.line("cut", x.clamped(b.value), top-4, x.clamped(b.value), base+2)
		sign := "≤ "
		if b.atLeast {
			sign = "≥ "
		}
		c.text("label", "middle", x.clamped(b.value), base+32, sign+short(b.value))
	}
	// The figures come last, so that no bound runs through them.
	for i, r := range rows {
		y := top + pitch*float64(i) + 4
		c.figure(x, y, r.Candidate)
		if hasChampion {
			c.figure(x, y+barHeight+1, r.Champion)
		}
	}
	return c.markup()
}

// barHeight of one bar of a slice chart.
const barHeight = 17.0

func (c *canvas) bar(class string, x axis, y, v float64, name string) {
	if !math.IsNaN(v) {
		c.rect(class, x.from, y, x.clamped(v)-x.from, barHeight, name+": "+decimal(v))
	}
}

func (c *canvas) figure(x axis, y, v float64) {
	if math.IsNaN(v) {
		c.text("tick", "start", x.from+4, y+barHeight-5, "not defined")
		return
	}
	c.text("label", "start", x.clamped(v)+4, y+barHeight-5, fixed(v, 3))
}

func sliceDescription(metric string, rows []sliceValue, hasChampion bool) string {
	s := ""
	for i, r := range rows {
		if i > 0 {
			s += "; "
		}
		s += fmt.Sprintf("%s: candidate %s", r.Name, fixed(r.Candidate, 3))
		if hasChampion {
			s += ", champion " + fixed(r.Champion, 3)
		}
	}
	return metric + ". " + s + "."
}

// regressionChart draws the mean target over the mean prediction in tenths of
// the candidate's and the champion's predictions.
func regressionChart(candidate, champion *model) template.HTML {
	low, high := math.Inf(1), math.Inf(-1)
	type series struct {
		drawn
		points []point
	}
	var all []series
	for _, m := range inDrawingOrder(candidate, champion) {
		s := series{m, tenths(m.p)}
		for _, p := range s.points {
			low, high = min(low, p.X, p.Y), max(high, p.X, p.Y)
		}
		all = append(all, s)
	}
	if low == high {
		low, high = low-1, high+1
	}
	scale := axis{low: low - (high-low)*0.05, high: high + (high-low)*0.05}
	p := newPlot("regression", "Prediction and target", describe("Root mean squared error", "rmse", candidate, champion),
		"mean prediction, by tenth", "mean target", scale, scale)
	p.line("guide", p.x.at(scale.low), p.y.at(scale.low), p.x.at(scale.high), p.y.at(scale.high))
	for _, s := range all {
		var points []point
		for _, q := range s.points {
			points = append(points, point{p.x.at(q.X), p.y.at(q.Y)})
		}
		p.polyline("curve "+s.class, points)
		for i, q := range points {
			p.mark(s.class, q.X, q.Y, 4, fmt.Sprintf("%s: mean prediction %s, mean target %s", s.name, decimal(s.points[i].X), decimal(s.points[i].Y)))
		}
	}
	p.legend(candidate, champion, "rmse", "RMSE", p.x.to-8, p.y.from-10)
	return p.markup()
}

// tenths are the means of prediction and target over tenths of the examples in
// the order of their predictions.
func tenths(p *evidence.Predictions) []point {
	order := sortedBy(p.Estimate)
	var out []point
	for k := range 10 {
		from, to := k*len(order)/10, (k+1)*len(order)/10
		if from == to {
			continue
		}
		var q point
		for _, i := range order[from:to] {
			q.X += p.Estimate[i] / float64(to-from)
			q.Y += p.Target[i] / float64(to-from)
		}
		out = append(out, q)
	}
	return out
}
