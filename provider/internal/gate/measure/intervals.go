package measure

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

// wanted is one interval to compute, over the values of nodes.
type wanted struct {
	kind  int
	nodes []int // gain: candidate, champion; gap: one for each slice
	// relative and lowerIsBetter as in Gain.
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
		return Gain(values[w.nodes[0]], values[w.nodes[1]], w.relative, w.lowerIsBetter)
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

// Gain is candidate over champion in the better direction, as a share of the
// champion's value where it is relative: NaN then where that is 0.
func Gain(cand, base float64, relative, lowerIsBetter bool) float64 {
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

// Intervals collects what confidence bounds are wanted of, and computes them all
// on the same resamples.
type Intervals struct {
	s       *Sample
	nodes   []question
	wanted  []wanted
	columns []string // whose slices are needed
	bins    [2]*metric.Bins
	layouts []layout
	limit   int // of bins, binLimit but for tests
}

// Intervals of the sample's statistics.
func (s *Sample) Intervals() *Intervals { return &Intervals{s: s, limit: binLimit} }

// Plain wants bounds of the candidate's value, and returns their place among those
// of Bounds. The value has to be defined, like those of Gain and Gap.
func (r *Intervals) Plain(st Statistic, confidence float64) int {
	v := r.s.Value(Candidate, st)
	info, _ := metric.Lookup(st.Metric)
	return r.want(wanted{kind: plain, nodes: []int{r.node(Candidate, st)}, point: v.Number, effective: v.effective, bounded: info.Bounded, confidence: confidence})
}

// Gain wants bounds of the gain over the champion.
func (r *Intervals) Gain(st Statistic, relative bool, confidence float64) int {
	v := r.s.Value(Candidate, st)
	info, _ := metric.Lookup(st.Metric)
	return r.want(wanted{kind: gain, nodes: []int{r.node(Candidate, st), r.node(Champion, st)}, relative: relative, lowerIsBetter: info.LowerIsBetter,
		point:     Gain(v.Number, r.s.Value(Champion, st).Number, relative, info.LowerIsBetter),
		effective: v.effective, bounded: info.Bounded, confidence: confidence})
}

// Gap wants bounds of the gap between the highest and the lowest of the
// candidate's values.
func (r *Intervals) Gap(between []Statistic, confidence float64) int {
	w := wanted{kind: gap, effective: math.MaxInt64, confidence: confidence}
	low, high := math.Inf(1), math.Inf(-1)
	for _, st := range between {
		v := r.s.Value(Candidate, st)
		low, high, w.effective = min(low, v.Number), max(high, v.Number), min(w.effective, v.effective)
		info, _ := metric.Lookup(st.Metric)
		w.bounded = info.Bounded
		w.nodes = append(w.nodes, r.node(Candidate, st))
	}
	w.point = high - low
	return r.want(w)
}

func (r *Intervals) want(w wanted) int {
	r.wanted = append(r.wanted, w)
	return len(r.wanted) - 1
}

func (r *Intervals) node(who Model, st Statistic) int {
	n := question{who, st}
	if i := slices.Index(r.nodes, n); i >= 0 {
		return i
	}
	r.nodes = append(r.nodes, n)
	return len(r.nodes) - 1
}

// usesChampion says whether any node is the champion's.
func (r *Intervals) usesChampion() bool {
	return slices.ContainsFunc(r.nodes, func(n question) bool { return n.who == Champion })
}

// Bounds computes every wanted interval, by a bootstrap of so many replicates; 0
// chooses by the size of the sample.
func (r *Intervals) Bounds(seed uint64, replicates int) []bootstrap.Bounds {
	if len(r.wanted) == 0 {
		return nil
	}
	p := r.problem()
	if replicates == 0 {
		replicates = 1000
		if len(p.Population.Multiplicity) <= 100_000 {
			replicates = 4000
		}
	}
	draws := p.Replicates(seed, replicates)
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
func (r *Intervals) problem() *bootstrap.Problem {
	s := r.s
	for _, n := range r.nodes {
		if n.Code != Whole && !slices.Contains(r.columns, n.Column) {
			r.columns = append(r.columns, n.Column)
		}
	}
	j := &joint{n: s.n}
	slicing := make([]int, len(r.columns))
	sizes := make([]int, len(r.columns))
	for i, c := range r.columns {
		slicing[i] = j.axis(s.Slices[c].Index, len(s.Slices[c].Values))
		sizes[i] = len(s.Slices[c].Values)
	}
	if len(r.columns) == 0 { // one slice that holds everything
		slicing, sizes = []int{noAxis}, []int{1}
	}
	models := []Model{Candidate}
	if r.usesChampion() {
		models = append(models, Champion)
	}
	for _, who := range models {
		r.layouts = append(r.layouts, r.layout(j, who))
	}
	j.build()
	p := &bootstrap.Problem{Outputs: len(r.wanted), Statistic: r.statistic, Scratch: func() any { return r.newScratch() }}
	p.Population.Multiplicity = j.multiplicity
	for _, who := range models {
		for i := range slicing {
			r.layouts[who].addSinks(&p.Population, j, slicing[i], sizes[i])
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

func (r *Intervals) layout(j *joint, who Model) layout {
	m, k := r.s.models[who], r.s.classes
	l := layout{counted: noAxis}
	switch r.s.Problem {
	case metric.Multiclass:
		index := make([]int32, r.s.n)
		for i := range index {
			index[i] = m.label[i]*int32(k) + m.predicted[i]
		}
		l.counted, l.cells = j.axis(index, k*k), k*k
		if m.loss != nil && r.usesLoss(who) {
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
		r.bins[who] = bins
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

func (r *Intervals) usesLoss(who Model) bool {
	return slices.ContainsFunc(r.nodes, func(n question) bool { return n.who == who && n.Metric == "log_loss" })
}

func (r *Intervals) thresholds() []float64 {
	var cuts []float64
	for _, n := range r.nodes {
		cuts = append(cuts, n.Threshold)
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

func (r *Intervals) newScratch() *scratch {
	s := &scratch{values: make([]float64, len(r.nodes))}
	for which, l := range r.layouts {
		s.counts[which] = make(metric.Counts, l.cells)
	}
	return s
}

// statistic evaluates every node on one weighting, then every wanted value.
func (r *Intervals) statistic(memory any, t bootstrap.Totals, out []float64) {
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

func (r *Intervals) evaluate(s *scratch, t bootstrap.Totals, n question) float64 {
	l := &r.layouts[n.who]
	counts, sums := s.counts[n.who], s.sums[n.who]
	if n.Code != Whole {
		column := slices.Index(r.columns, n.Column)
		if len(l.sinks) > 0 {
			counts = t.Counts[l.sinks[column]][int(n.Code)*l.cells : (int(n.Code)+1)*l.cells]
		}
		if len(l.sums) > 0 {
			copy(sums[:], t.Sums[l.sums[column]][int(n.Code)*metric.MomentCount:])
		}
	}
	switch r.s.Problem {
	case metric.Multiclass:
		if n.Metric == "log_loss" {
			return metric.EvaluateMoments(n.Metric, sums)
		}
		return metric.EvaluateMatrix(n.Metric, metric.Matrix(counts), r.s.classes)
	case metric.Regression:
		return metric.EvaluateMoments(n.Metric, sums)
	}
	bins := r.bins[n.who]
	return bins.Evaluate(metric.BinaryMetric{Name: n.Metric, Cut: bins.Cut(n.Threshold)}, counts)
}
