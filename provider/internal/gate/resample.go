package gate

import (
	"math"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/bootstrap"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// binLimit is the number of score bins kept apart while resampling. With fewer
// distinct scores the bootstrap is exact; with more, neighbours share a bin and
// their within-bin order (at most 1/binLimit of it) is not resampled.
const binLimit = 2048

// node is one statistic of one model on one slice.
type node struct {
	which     int
	metric    string
	threshold float64
	column    string
	code      int32
}

// wanted is one interval to compute, over the values of nodes.
type wanted struct {
	kind  int
	nodes []int // gain: candidate, champion; gap: one per slice
	// relative and lowerIsBetter as in VersusChampion.
	relative, lowerIsBetter bool
	point                   float64
	effective               int64
	bounded                 bool
	confidence              float64
}

const (
	plain = iota
	gain
	gap
)

// combine computes a wanted statistic from its nodes' values.
func (w *wanted) combine(values []float64) float64 {
	switch w.kind {
	case gain:
		return gainOf(values[w.nodes[0]], values[w.nodes[1]], w.relative, w.lowerIsBetter)
	case gap:
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, n := range w.nodes {
			if math.IsNaN(values[n]) {
				return math.NaN()
			}
			lo, hi = min(lo, values[n]), max(hi, values[n])
		}
		return hi - lo
	}
	return values[w.nodes[0]]
}

// gainOf is candidate over champion in the better direction.
func gainOf(cand, base float64, relative, lowerIsBetter bool) float64 {
	d := cand - base
	if lowerIsBetter {
		d = -d
	}
	if relative {
		if base == 0 {
			return math.NaN()
		}
		d /= math.Abs(base)
	}
	return d
}

// resampler builds the bootstrap problem of a sample.
type resampler struct {
	s       *sample
	nodes   []node
	wanted  []wanted
	columns []string // whose slices are needed
	bins    [2]*metric.Bins
	layouts []layout
	limit   int // of bins, binLimit but for tests
}

func (r *resampler) node(n node) int {
	if i := slices.Index(r.nodes, n); i >= 0 {
		return i
	}
	r.nodes = append(r.nodes, n)
	return len(r.nodes) - 1
}

// usesChampion says whether any node is the champion's.
func (r *resampler) usesChampion() bool {
	return slices.ContainsFunc(r.nodes, func(n node) bool { return n.which == champion })
}

// intervals computes every wanted interval.
func (r *resampler) intervals(settings Settings) []bootstrap.Bounds {
	if len(r.wanted) == 0 {
		return nil
	}
	p := r.problem()
	replicates := settings.Replicates
	if replicates == 0 {
		replicates = 1000
		if len(p.Population.Multiplicity) <= 100_000 {
			replicates = 4000
		}
	}
	draws := p.Replicates(settings.Seed, replicates)
	accelerations := p.Accelerations()
	observed := p.Observed()
	out := make([]bootstrap.Bounds, len(r.wanted))
	for k, w := range r.wanted {
		b := bootstrap.Interval(draws, k, len(r.wanted), observed[k], accelerations[k], w.confidence)
		// Coarse bins shift a statistic by a constant to first order; the
		// exact point estimate takes it back.
		if shift := w.point - observed[k]; !math.IsNaN(shift) {
			b.Lower += shift
			b.Upper += shift
		}
		if b.Flat && w.bounded && b.Undefined < 1 {
			spread := 1 - math.Pow(1-w.confidence, 1/float64(max(w.effective, 1)))
			b.Lower, b.Upper = w.point-spread, w.point+spread
		}
		if w.bounded && w.kind != gain {
			b.Lower, b.Upper = max(b.Lower, 0), min(b.Upper, 1)
		}
		out[k] = b
	}
	return out
}

// problem lays the examples out as cells and sinks: per model, per column.
func (r *resampler) problem() *bootstrap.Problem {
	s := r.s
	for _, n := range r.nodes {
		if n.code != whole && !slices.Contains(r.columns, n.column) {
			r.columns = append(r.columns, n.column)
		}
	}
	j := &joint{n: s.n}
	slicing := make([]int, len(r.columns))
	sizes := make([]int, len(r.columns))
	for i, c := range r.columns {
		slicing[i] = j.axis(s.slices[c].Index, len(s.slices[c].Values))
		sizes[i] = len(s.slices[c].Values)
	}
	if len(r.columns) == 0 { // one slice that holds everything
		slicing, sizes = []int{noAxis}, []int{1}
	}
	models := 1
	if r.usesChampion() {
		models = 2
	}
	for which := range models {
		r.layouts = append(r.layouts, r.layout(j, which))
	}
	j.build()
	p := &bootstrap.Problem{Outputs: len(r.wanted), Statistic: r.statistic, Scratch: func() any { return r.newScratch() }}
	p.Population.Multiplicity = j.multiplicity
	for which := range models {
		for i := range slicing {
			r.layouts[which].addSinks(&p.Population, j, slicing[i], sizes[i])
		}
	}
	return p
}

// layout says how one model's examples are counted.
type layout struct {
	// counted is the axis of the count cells (2*bin+label, or label*k+predicted),
	// noAxis for regression.
	counted, cells int
	// summed are the axes whose bin means make up the moments, with the
	// contribution of each bin.
	summed        []int
	contributions [][]metric.Moments
	// sinks and sums are the positions in the population, by column.
	sinks, sums []int
}

func (r *resampler) layout(j *joint, which int) layout {
	m, k := r.s.models[which], r.s.classes
	l := layout{counted: noAxis}
	switch r.s.problem {
	case metric.Multiclass:
		index := make([]int32, r.s.n)
		for i := range index {
			index[i] = m.label[i]*int32(k) + m.predicted[i]
		}
		l.counted, l.cells = j.axis(index, k*k), k*k
		if m.loss != nil && r.usesLoss(which) {
			l.sum(j, r.limit, m.loss, func(i int) metric.Moments { return metric.Moments{1, m.loss[i]} })
		}
	case metric.Regression:
		errs := make([]float64, r.s.n)
		for i := range errs {
			errs[i] = m.target[i] - m.estimate[i]
		}
		l.sum(j, r.limit, errs, func(i int) metric.Moments { return metric.Moments{1, errs[i] * errs[i], math.Abs(errs[i])} })
		l.sum(j, r.limit, m.target, func(i int) metric.Moments {
			t := m.target[i] - r.s.shift
			return metric.Moments{3: t, 4: t * t}
		})
	default:
		bins, index := metric.BinScores(m.labels, m.scores, r.thresholds(), r.limit)
		r.bins[which] = bins
		cells := make([]int32, len(index))
		for i, b := range index {
			cells[i] = 2*b + int32(m.labels[i])
		}
		l.counted, l.cells = j.axis(cells, 2*bins.Len()), 2*bins.Len()
	}
	return l
}

func (l *layout) sum(j *joint, limit int, values []float64, contribution func(i int) metric.Moments) {
	index, means := binMeans(values, limit, contribution)
	l.summed = append(l.summed, j.axis(index, len(means)))
	l.contributions = append(l.contributions, means)
}

func (r *resampler) usesLoss(which int) bool {
	return slices.ContainsFunc(r.nodes, func(n node) bool { return n.which == which && n.metric == "log_loss" })
}

func (r *resampler) thresholds() []float64 {
	var cuts []float64
	for _, n := range r.nodes {
		cuts = append(cuts, n.threshold)
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

func (l *layout) addSinks(p *bootstrap.Population, j *joint, slicing, size int) {
	n := len(j.multiplicity)
	part := func(i int) int32 {
		if slicing == noAxis {
			return 0
		}
		return j.cells[slicing][i]
	}
	if l.counted != noAxis {
		index := make([]int32, n)
		for i := range index {
			index[i] = part(i)*int32(l.cells) + j.cells[l.counted][i]
		}
		l.sinks = append(l.sinks, len(p.Sinks))
		p.Sinks = append(p.Sinks, bootstrap.Sink{Index: index, Size: size * l.cells})
	}
	if len(l.summed) > 0 {
		s := bootstrap.SumSink{Group: make([]int32, n), Groups: size, Width: metric.MomentCount}
		s.Values = make([]float64, 0, n*metric.MomentCount)
		for i := range n {
			s.Group[i] = part(i)
			var v metric.Moments
			for a, axis := range l.summed {
				for q, x := range l.contributions[a][j.cells[axis][i]] {
					v[q] += x
				}
			}
			s.Values = append(s.Values, v[:]...)
		}
		l.sums = append(l.sums, len(p.Sums))
		p.Sums = append(p.Sums, s)
	}
}

// scratch is one goroutine's working memory.
type scratch struct {
	values []float64
	counts [2]metric.Counts
	sums   [2]metric.Moments
}

func (r *resampler) newScratch() *scratch {
	s := &scratch{values: make([]float64, len(r.nodes))}
	for which, l := range r.layouts {
		s.counts[which] = make(metric.Counts, l.cells)
	}
	return s
}

// statistic evaluates every node on one weighting, then every wanted value.
func (r *resampler) statistic(memory any, t bootstrap.Totals, out []float64) {
	s := memory.(*scratch)
	for which, l := range r.layouts {
		clear(s.counts[which])
		s.sums[which] = metric.Moments{}
		// The slices of the first column add up to the whole.
		if len(l.sinks) > 0 {
			for i, c := range t.Counts[l.sinks[0]] {
				s.counts[which][i%l.cells] += c
			}
		}
		if len(l.sums) > 0 {
			for i, v := range t.Sums[l.sums[0]] {
				s.sums[which][i%metric.MomentCount] += v
			}
		}
	}
	for k, n := range r.nodes {
		s.values[k] = r.evaluate(s, t, n)
	}
	for k := range r.wanted {
		out[k] = r.wanted[k].combine(s.values)
	}
}

func (r *resampler) evaluate(s *scratch, t bootstrap.Totals, n node) float64 {
	l := &r.layouts[n.which]
	counts, sums := s.counts[n.which], s.sums[n.which]
	if n.code != whole {
		column := slices.Index(r.columns, n.column)
		if len(l.sinks) > 0 {
			counts = t.Counts[l.sinks[column]][int(n.code)*l.cells : (int(n.code)+1)*l.cells]
		}
		if len(l.sums) > 0 {
			copy(sums[:], t.Sums[l.sums[column]][int(n.code)*metric.MomentCount:])
		}
	}
	switch r.s.problem {
	case metric.Multiclass:
		if n.metric == "log_loss" {
			return metric.EvaluateMoments(n.metric, sums)
		}
		return metric.EvaluateMatrix(n.metric, metric.Matrix(counts), r.s.classes)
	case metric.Regression:
		return metric.EvaluateMoments(n.metric, sums)
	}
	bins := r.bins[n.which]
	return bins.Evaluate(metric.BinaryMetric{Name: n.metric, Cut: bins.Cut(n.threshold)}, counts)
}
