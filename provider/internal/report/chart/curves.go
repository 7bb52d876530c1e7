package chart

import (
	"cmp"
	"math"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// point of a curve, in the units of its axes.
type point struct{ X, Y float64 }

// Model is one model's predictions, counted once for everything that is drawn.
type Model struct {
	P         *evidence.Predictions
	Threshold float64

	// Binary: counts by distinct score, ascending.
	Bins   *metric.Bins
	index  []int32
	Counts metric.Counts

	// Regression: mean target.
	shift float64
}

// NewModel counts predictions; nil stays nil.
func NewModel(p *evidence.Predictions, threshold float64) *Model {
	if p == nil {
		return nil
	}
	m := &Model{P: p, Threshold: threshold}
	switch p.Problem {
	case metric.Binary:
		m.Bins, m.index = metric.BinScores(p.Labels, p.Scores, nil, 0)
		m.Counts = m.Bins.Count(p.Labels, m.index)
	case metric.Regression:
		for _, t := range p.Target {
			m.shift += t / float64(len(p.Target))
		}
	}
	return m
}

// Value of a metric over all examples; NaN where it is undefined.
func (m *Model) Value(name string) float64 {
	if m.Bins != nil {
		return m.Bins.Evaluate(metric.BinaryMetric{Name: name, Cut: m.Bins.Cut(m.Threshold)}, m.Counts)
	}
	return m.over(name, func(int) bool { return true })
}

// over computes a metric over the examples that are in.
func (m *Model) over(name string, in func(i int) bool) float64 {
	switch m.P.Problem {
	case metric.Binary:
		c := make(metric.Counts, 2*m.Bins.Len())
		for i, k := range m.index {
			if in(i) {
				c[2*k+int32(m.P.Labels[i])]++
			}
		}
		return m.Bins.Evaluate(metric.BinaryMetric{Name: name, Cut: m.Bins.Cut(m.Threshold)}, c)
	case metric.Multiclass:
		if name == "log_loss" {
			return m.loss(in)
		}
		return metric.EvaluateMatrix(name, m.Matrix(in), len(m.P.Classes))
	}
	var sum metric.Moments
	for i := range m.P.Target {
		if in(i) {
			for q, v := range metric.Moment(m.P.Target[i], m.P.Estimate[i], m.shift) {
				sum[q] += v
			}
		}
	}
	return metric.EvaluateMoments(name, sum)
}

func (m *Model) loss(in func(int) bool) float64 {
	sum, n := 0.0, 0.0
	for i, v := range m.P.Loss {
		if in(i) {
			sum += v
			n++
		}
	}
	return sum / n // NaN without probabilities
}

// Matrix counts examples by label and prediction, [label*k + predicted].
func (m *Model) Matrix(in func(int) bool) metric.Matrix {
	k := len(m.P.Classes)
	out := make(metric.Matrix, k*k)
	for i, label := range m.P.Label {
		if in(i) {
			out[int(label)*k+int(m.P.Predicted[i])]++
		}
	}
	return out
}

// roc is the curve of (false positive rate, true positive rate) from the
// highest score down; empty with one label only.
func roc(c metric.Counts) []point {
	pos, neg := Labels(c)
	if pos == 0 || neg == 0 {
		return nil
	}
	points := []point{{0, 0}}
	var tp, fp float64
	for i := len(c) - 2; i >= 0; i -= 2 {
		fp, tp = fp+float64(c[i]), tp+float64(c[i+1])
		points = append(points, point{fp / neg, tp / pos})
	}
	return points
}

// precisionRecall is the curve of (recall, precision) from the highest score
// down; empty without positives.
func precisionRecall(c metric.Counts) []point {
	pos, _ := Labels(c)
	if pos == 0 {
		return nil
	}
	var points []point
	var tp, seen float64
	for i := len(c) - 2; i >= 0; i -= 2 {
		tp, seen = tp+float64(c[i+1]), seen+float64(c[i])+float64(c[i+1])
		if seen == 0 {
			continue
		}
		if len(points) == 0 {
			points = append(points, point{0, tp / seen})
		}
		points = append(points, point{tp / pos, tp / seen})
	}
	return points
}

// Labels counts the examples of each label.
func Labels(c metric.Counts) (pos, neg float64) {
	for i := 0; i < len(c); i += 2 {
		neg, pos = neg+float64(c[i]), pos+float64(c[i+1])
	}
	return pos, neg
}

// columns is the resolution to which a long curve is first reduced, far finer
// than a screen shows.
const columns = 2_000

// thin drops the points of a curve, ascending in x, that nobody could see: what
// stays is nowhere further than about tolerance from what was there. The first
// and last point of every column and its extremes survive the first pass, so
// that no corner is cut, and the second (Douglas and Peucker's) drops what lies
// on a line.
func thin(points []point, tolerance float64) []point {
	if len(points) > 4*columns {
		points = perColumn(points)
	}
	if len(points) < 3 {
		return points
	}
	keep := make([]bool, len(points))
	keep[0], keep[len(points)-1] = true, true
	stack := [][2]int{{0, len(points) - 1}}
	for len(stack) > 0 {
		from, to := stack[len(stack)-1][0], stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		far, at := tolerance, -1
		for i := from + 1; i < to; i++ {
			if d := distance(points[i], points[from], points[to]); d > far {
				far, at = d, i
			}
		}
		if at >= 0 {
			keep[at] = true
			stack = append(stack, [2]int{from, at}, [2]int{at, to})
		}
	}
	var out []point
	for i, p := range points {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// perColumn keeps the first, lowest, highest and last point of every column.
func perColumn(points []point) []point {
	span := points[len(points)-1].X - points[0].X
	if span <= 0 {
		span = 1
	}
	column := func(p point) int { return int((p.X - points[0].X) / span * columns) }
	var out []point
	for i := 0; i < len(points); {
		first, low, high := i, i, i
		for ; i < len(points) && column(points[i]) == column(points[first]); i++ {
			if points[i].Y < points[low].Y {
				low = i
			}
			if points[i].Y > points[high].Y {
				high = i
			}
		}
		kept := []int{first, low, high, i - 1}
		slices.Sort(kept)
		for _, k := range slices.Compact(kept) {
			out = append(out, points[k])
		}
	}
	return out
}

// distance of p from the segment a-b.
func distance(p, a, b point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	length := dx*dx + dy*dy
	t := 0.0
	if length > 0 {
		t = min(max(((p.X-a.X)*dx+(p.Y-a.Y)*dy)/length, 0), 1)
	}
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}

// reliability is one bin of a calibration curve: what was promised and what came.
type reliability struct {
	Promised, Came float64
	// Low and High are Wilson's 95% interval of Came.
	Low, High float64
	Examples  int64
}

// calibration bins scores as the expected calibration error does; empty bins
// are left out.
func calibration(p *evidence.Predictions) []reliability {
	var n, positives, sum [metric.CalibrationBins]float64
	for i, s := range p.Scores {
		k := 0
		for k < metric.CalibrationBins-1 && s > float64(k+1)*0.1 {
			k++
		}
		n[k]++
		positives[k] += float64(p.Labels[i])
		sum[k] += s
	}
	var out []reliability
	for k := range n {
		if n[k] == 0 {
			continue
		}
		low, high := wilson(positives[k], n[k])
		out = append(out, reliability{Promised: sum[k] / n[k], Came: positives[k] / n[k], Low: low, High: high, Examples: int64(n[k])})
	}
	return out
}

// wilson is the 95% score interval of a share of hits among n.
func wilson(hits, n float64) (low, high float64) {
	const z = 1.959963984540054
	share := hits / n
	middle := share + z*z/(2*n)
	half := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max(0, (middle-half)/scale), min(1, (middle+half)/scale)
}

// histogramBins of a score histogram.
const histogramBins = 20

// histogram counts scores by label: [bin][label].
func histogram(p *evidence.Predictions) [histogramBins][2]int64 {
	var out [histogramBins][2]int64
	for i, s := range p.Scores {
		k := min(int(s*histogramBins), histogramBins-1)
		out[k][p.Labels[i]]++
	}
	return out
}

// SliceValue is one bar of a slice chart.
type SliceValue struct {
	Name                string
	Examples            int64
	Candidate, Champion float64 // NaN where undefined or without champion
}

// BySlice computes a metric for every value of a column, for both models. Each
// model is sliced by its own file.
func BySlice(candidate, champion *Model, column, name string) []SliceValue {
	own := candidate.P.Slices[column]
	out := make([]SliceValue, len(own.Values))
	for code, v := range own.Values {
		out[code] = SliceValue{Name: v, Champion: math.NaN()}
		out[code].Candidate = candidate.over(name, func(i int) bool { return own.Index[i] == int32(code) })
		if champion == nil {
			continue
		}
		if theirs, ok := champion.P.Slices[column]; ok {
			if k := slices.Index(theirs.Values, v); k >= 0 {
				out[code].Champion = champion.over(name, func(i int) bool { return theirs.Index[i] == int32(k) })
			}
		}
	}
	for _, code := range own.Index {
		out[code].Examples++
	}
	return out
}

// sortedBy is the order of values.
func sortedBy(values []float64) []int32 {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	return order
}
