package chart

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
	*Canvas
	x, y Axis
}

// newPlot draws grid, tick labels and axis titles.
func newPlot(id, title, description, xTitle, yTitle string, x, y Axis) *plot {
	p := &plot{Canvas: NewCanvas(id, chartWidth, chartHeight, title, description), x: x, y: y}
	p.x.From, p.x.To = marginLeft, chartWidth-marginRight
	p.y.From, p.y.To = chartHeight-marginFoot, marginTop
	step := NiceStep(p.x.High-p.x.Low, 5)
	for _, v := range Ticks(p.x.Low, p.x.High, step) {
		p.Line("grid", p.x.At(v), p.y.From, p.x.At(v), p.y.To)
		p.Text("tick", "middle", p.x.At(v), p.y.From+16, TickLabel(v, step))
	}
	step = NiceStep(p.y.High-p.y.Low, 5)
	for _, v := range Ticks(p.y.Low, p.y.High, step) {
		p.Line("grid", p.x.From, p.y.At(v), p.x.To, p.y.At(v))
		p.Text("tick", "end", p.x.From-6, p.y.At(v)+4, TickLabel(math.Abs(v), step))
	}
	p.Text("axis", "middle", (p.x.From+p.x.To)/2, chartHeight-8, xTitle)
	p.upright("axis", 12, (p.y.From+p.y.To)/2, yTitle)
	return p
}

var unit = Axis{Low: 0, High: 1}

func (p *plot) curve(class string, points []point) {
	out := make([]point, 0, len(points))
	for _, q := range thin(points, unseen) {
		out = append(out, point{p.x.At(q.X), p.y.At(q.Y)})
	}
	p.polyline("curve "+class, out)
}

// ROC draws both models' ROC curves and their working points.
func ROC(candidate, champion *Model) template.HTML {
	p := newPlot("roc", "ROC curves", describe("Area under the curve", "auc", candidate, champion),
		"false positive rate", "true positive rate", unit, unit)
	p.Line("guide", p.x.At(0), p.y.At(0), p.x.At(1), p.y.At(1))
	for _, m := range inDrawingOrder(candidate, champion) {
		p.curve(m.class, roc(m.Counts))
		p.working(m, m.Value("false_positive_rate"), m.Value("recall"))
	}
	p.legend(candidate, champion, "auc", "AUC", p.x.To-8, p.y.From-10)
	return p.Markup()
}

// PrecisionRecall draws both models' precision over recall.
func PrecisionRecall(candidate, champion *Model) template.HTML {
	p := newPlot("pr", "Precision-recall curves", describe("Average precision", "average_precision", candidate, champion),
		"recall", "precision", unit, unit)
	if pos, neg := Labels(candidate.Counts); pos > 0 {
		rate := pos / (pos + neg)
		p.Line("guide", p.x.At(0), p.y.At(rate), p.x.At(1), p.y.At(rate))
	}
	for _, m := range inDrawingOrder(candidate, champion) {
		p.curve(m.class, precisionRecall(m.Counts))
		p.working(m, m.Value("recall"), m.Value("precision"))
	}
	p.legend(candidate, champion, "average_precision", "AP", p.x.To-8, p.y.From-10)
	return p.Markup()
}

// working marks the point at which the decision threshold puts a model.
func (p *plot) working(m drawn, x, y float64) {
	if math.IsNaN(x) || math.IsNaN(y) {
		return
	}
	p.mark(m.class, p.x.At(x), p.y.At(y), 4.5, fmt.Sprintf("%s at score %s: %s, %s", m.name, Short(m.Threshold), Decimal(x), Decimal(y)))
}

func (p *plot) mark(class string, x, y, r float64, tip string) {
	if class == "champion" {
		p.square("mark champion", x, y, r*0.9, tip)
	} else {
		p.Circle("mark candidate", x, y, r, tip)
	}
}

// legend writes each model's figure beside a sample of its line, upwards from
// the lower right corner, which curves leave free.
func (p *plot) legend(candidate, champion *Model, metric, label string, x, y float64) {
	rows := inDrawingOrder(candidate, champion)
	height := float64(len(rows))*18 + 8
	const wide = 184.0
	p.Rect("panel", x-wide, y-height, wide, height, "")
	for i, m := range rows {
		at := y - height + 17 + float64(len(rows)-1-i)*18
		p.polyline("curve "+m.class, []point{{x - wide + 8, at - 4}, {x - wide + 36, at - 4}})
		p.mark(m.class, x-wide+22, at-4, 4, "")
		p.Text("label", "start", x-wide+43, at, m.name)
		p.Text("label strong", "end", x-8, at, label+" "+Fixed(m.Value(metric), 3))
	}
}

// drawn is a model with its name and class.
type drawn struct {
	*Model
	name, class string
}

// inDrawingOrder puts the candidate last, on top.
func inDrawingOrder(candidate, champion *Model) []drawn {
	var out []drawn
	if champion != nil {
		out = append(out, drawn{champion, "champion", "champion"})
	}
	return append(out, drawn{candidate, "candidate", "candidate"})
}

func describe(what, metric string, candidate, champion *Model) string {
	s := fmt.Sprintf("%s of the candidate %s", what, Fixed(candidate.Value(metric), 4))
	if champion != nil {
		s += ", of the champion " + Fixed(champion.Value(metric), 4)
	}
	return s + "."
}

// Fixed prints a number with some decimals, a dash for NaN.
func Fixed(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Short writes a number with up to four digits.
func Short(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// Calibration draws what came over what was promised, with 95% intervals.
func Calibration(candidate, champion *Model) template.HTML {
	p := newPlot("calibration", "Calibration", describe("Expected calibration error", "expected_calibration_error", candidate, champion),
		"mean score in a tenth of the scores", "share with label 1", unit, unit)
	p.Line("guide", p.x.At(0), p.y.At(0), p.x.At(1), p.y.At(1))
	for _, m := range inDrawingOrder(candidate, champion) {
		bins := calibration(m.P)
		var points []point
		for _, b := range bins {
			x := p.x.At(b.Promised)
			p.Line("whisker "+m.class, x, p.y.At(b.Low), x, p.y.At(b.High))
			points = append(points, point{x, p.y.At(b.Came)})
		}
		p.polyline("curve "+m.class, points)
		for i, b := range bins {
			p.mark(m.class, points[i].X, points[i].Y, 4, fmt.Sprintf("%s: mean score %s, share with label 1 %s (95%%: %s to %s), %s examples",
				m.name, Decimal(b.Promised), Decimal(b.Came), Decimal(b.Low), Decimal(b.High), Thousands(b.Examples)))
		}
	}
	p.legend(candidate, champion, "expected_calibration_error", "ECE", p.x.To-8, p.y.From-10)
	return p.Markup()
}

// headroom keeps a histogram's bars off the words at its top and bottom.
const headroom = 1.2

// Histogram draws the scores of label 1 upwards and of label 0 downwards,
// on the scale of the larger of both models, so that they compare.
func Histogram(id, name string, m *Model, top int64) template.HTML {
	bins := histogram(m.P)
	pos, neg := Labels(m.Counts)
	p := newPlot(id, "Scores of the "+name+" by label",
		fmt.Sprintf("%s examples with label 1 above the axis, %s with label 0 below.", Thousands(int64(pos)), Thousands(int64(neg))),
		"score", "examples", unit, Axis{Low: -headroom * float64(top), High: headroom * float64(top)})
	width := (p.x.To - p.x.From) / histogramBins
	for k, n := range bins {
		x := p.x.From + float64(k)*width
		span := fmt.Sprintf("scores %s to %s", Short(float64(k)/histogramBins), Short(float64(k+1)/histogramBins))
		if n[1] > 0 {
			p.Rect("bar one", x+0.75, p.y.At(float64(n[1])), width-1.5, p.y.At(0)-p.y.At(float64(n[1])), fmt.Sprintf("%s: %s with label 1", span, Thousands(n[1])))
		}
		if n[0] > 0 {
			p.Rect("bar zero", x+0.75, p.y.At(0), width-1.5, p.y.At(-float64(n[0]))-p.y.At(0), fmt.Sprintf("%s: %s with label 0", span, Thousands(n[0])))
		}
	}
	p.Line("rule", p.x.From, p.y.At(0), p.x.To, p.y.At(0))
	p.Line("cut", p.x.At(m.Threshold), p.y.From, p.x.At(m.Threshold), p.y.To)
	p.Text("label", "end", p.x.To-6, p.y.To+14, "label 1 ↑")
	p.Text("label", "end", p.x.To-6, p.y.From-8, "label 0 ↓")
	p.Text("label", "start", p.x.At(m.Threshold)+5, p.y.From-8, "threshold "+Short(m.Threshold))
	return p.Markup()
}

// Tallest bar of the histograms of some models.
func Tallest(models ...*Model) int64 {
	top := int64(1)
	for _, m := range models {
		if m == nil {
			continue
		}
		for _, n := range histogram(m.P) {
			top = max(top, n[0], n[1])
		}
	}
	return top
}

// Bound is a line a bar has to reach or to stay below.
type Bound struct {
	Value   float64
	AtLeast bool
}

// Slices draws one bar per slice and model, to scale, with the bounds.
func Slices(id, column, metric string, rows []SliceValue, bounds []Bound, hasChampion, bounded bool) template.HTML {
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
		high = max(high, b.Value)
	}
	if bounded {
		high = 1
	} else {
		high = max(high*1.1, 1e-9)
	}
	height := top + pitch*float64(len(rows)) + foot
	c := NewCanvas(id, chartWidth, height, metric+" by "+column, sliceDescription(metric, rows, hasChampion))
	x := Axis{From: left, To: chartWidth - 48, Low: 0, High: high}
	base := height - foot
	step := NiceStep(high, 4)
	for _, v := range Ticks(0, high, step) {
		c.Line("grid", x.At(v), top, x.At(v), base)
		c.Text("tick", "middle", x.At(v), base+15, TickLabel(v, step))
	}
	for i, r := range rows {
		y := top + pitch*float64(i) + 4
		c.Text("label strong", "end", left-8, y+pitch/2-6, clip(r.Name, 15))
		c.Text("tick", "end", left-8, y+pitch/2+7, "n = "+Thousands(r.Examples))
		c.bar("bar candidate", x, y, r.Candidate, "candidate, "+column+" = "+r.Name)
		if hasChampion {
			c.bar("bar champion", x, y+barHeight+1, r.Champion, "champion, "+column+" = "+r.Name)
		}
	}
	c.Line("rule", left, top, left, base)
	for _, b := range bounds {
		c.Line("cut", x.Clamped(b.Value), top-4, x.Clamped(b.Value), base+2)
		sign := "≤ "
		if b.AtLeast {
			sign = "≥ "
		}
		c.Text("label", "middle", x.Clamped(b.Value), base+32, sign+Short(b.Value))
	}
	// The figures come last, so that no bound runs through them.
	for i, r := range rows {
		y := top + pitch*float64(i) + 4
		c.figure(x, y, r.Candidate)
		if hasChampion {
			c.figure(x, y+barHeight+1, r.Champion)
		}
	}
	return c.Markup()
}

// barHeight of one bar of a slice chart.
const barHeight = 17.0

func (c *Canvas) bar(class string, x Axis, y, v float64, name string) {
	if !math.IsNaN(v) {
		c.Rect(class, x.From, y, x.Clamped(v)-x.From, barHeight, name+": "+Decimal(v))
	}
}

func (c *Canvas) figure(x Axis, y, v float64) {
	if math.IsNaN(v) {
		c.Text("tick", "start", x.From+4, y+barHeight-5, "not defined")
		return
	}
	c.Text("label", "start", x.Clamped(v)+4, y+barHeight-5, Fixed(v, 3))
}

func sliceDescription(metric string, rows []SliceValue, hasChampion bool) string {
	s := ""
	for i, r := range rows {
		if i > 0 {
			s += "; "
		}
		s += fmt.Sprintf("%s: candidate %s", r.Name, Fixed(r.Candidate, 3))
		if hasChampion {
			s += ", champion " + Fixed(r.Champion, 3)
		}
	}
	return metric + ". " + s + "."
}

// Regression draws the mean target over the mean prediction in tenths of
// the candidate's and the champion's predictions.
func Regression(candidate, champion *Model) template.HTML {
	low, high := math.Inf(1), math.Inf(-1)
	type series struct {
		drawn
		points []point
	}
	var all []series
	for _, m := range inDrawingOrder(candidate, champion) {
		s := series{m, tenths(m.P)}
		for _, p := range s.points {
			low, high = min(low, p.X, p.Y), max(high, p.X, p.Y)
		}
		all = append(all, s)
	}
	if low == high {
		low, high = low-1, high+1
	}
	scale := Axis{Low: low - (high-low)*0.05, High: high + (high-low)*0.05}
	p := newPlot("regression", "Prediction and target", describe("Root mean squared error", "rmse", candidate, champion),
		"mean prediction, by tenth", "mean target", scale, scale)
	p.Line("guide", p.x.At(scale.Low), p.y.At(scale.Low), p.x.At(scale.High), p.y.At(scale.High))
	for _, s := range all {
		var points []point
		for _, q := range s.points {
			points = append(points, point{p.x.At(q.X), p.y.At(q.Y)})
		}
		p.polyline("curve "+s.class, points)
		for i, q := range points {
			p.mark(s.class, q.X, q.Y, 4, fmt.Sprintf("%s: mean prediction %s, mean target %s", s.name, Decimal(s.points[i].X), Decimal(s.points[i].Y)))
		}
	}
	p.legend(candidate, champion, "rmse", "RMSE", p.x.To-8, p.y.From-10)
	return p.Markup()
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
