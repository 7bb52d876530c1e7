// Package bootstrap resamples counted examples and turns the replicates into
// confidence bounds.
//
// In: cells of interchangeable examples with their multiplicity, where each
// cell is to be counted, and a function from the counts to statistics. Out: the
// statistics of every replicate, and bias-corrected accelerated (BCa) bounds.
// The same input and seed give the same bits, whatever GOMAXPROCS is: a
// replicate is computed by one goroutine from its own random stream, and counts
// are integers.
//
// Weights are Poisson: every example is drawn Poisson(1) times, so a cell of m
// interchangeable examples is drawn Poisson(m) times in one step. That is the
// same distribution as drawing its examples one by one, at the price of one.
package bootstrap

import (
	"math"
	"runtime"
	"sort"
	"sync"
)

// Sink is one histogram: the examples of cell j are counted at Index[j].
type Sink struct {
	Index []int32
	Size  int
}

// SumSink accumulates real-valued contributions: the examples of cell j add
// Values[j] to group Group[j].
type SumSink struct {
	Group  []int32
	Groups int
	Width  int
	Values []float64 // Width per cell
}

// Population is what is resampled.
type Population struct {
	// Multiplicity of every cell, at least 1.
	Multiplicity []uint32
	Sinks        []Sink
	Sums         []SumSink
}

// Totals are the counts and sums of one weighting of a population.
type Totals struct {
	Counts [][]uint32
	Sums   [][]float64
}

// Statistic computes its values from totals into out. It is called from
// several goroutines, each with a scratch of its own made by Problem.Scratch.
type Statistic func(scratch any, t Totals, out []float64)

// Problem is a population with the statistics wanted of it.
type Problem struct {
	Population Population
	Statistic  Statistic
	// Outputs is the number of values Statistic writes.
	Outputs int
	// Scratch makes a goroutine's working memory; may be nil.
	Scratch func() any
}

// chunk is the number of cells weighted at a time: large enough to amortise the
// loop, small enough to stay in the first-level cache.
const chunk = 2048

func (p *Population) newTotals() Totals {
	var t Totals
	for _, s := range p.Sinks {
		t.Counts = append(t.Counts, make([]uint32, s.Size))
	}
	for _, s := range p.Sums {
		t.Sums = append(t.Sums, make([]float64, s.Groups*s.Width))
	}
	return t
}

func (t Totals) clear() {
	for _, c := range t.Counts {
		clear(c)
	}
	for _, s := range t.Sums {
		clear(s)
	}
}

// add counts the cells from lo on with the given weights.
func (p *Population) add(t Totals, lo int, weights []uint32) {
	for k := range p.Sinks {
		counts, index := t.Counts[k], p.Sinks[k].Index[lo:lo+len(weights)]
		for j, w := range weights {
			counts[index[j]] += w
		}
	}
	for k := range p.Sums {
		s := &p.Sums[k]
		for j, w := range weights {
			if w == 0 {
				continue
			}
			at := int(s.Group[lo+j]) * s.Width
			v := s.Values[(lo+j)*s.Width : (lo+j+1)*s.Width]
			sum := t.Sums[k][at : at+s.Width]
			f := float64(w)
			for q := range sum {
				// The conversion forbids a fused multiply-add, which would
				// round differently on other processors.
				sum[q] += float64(f * v[q])
			}
		}
	}
}

// Replicates draws count weightings and returns their statistics, Outputs
// values per replicate.
func (p *Problem) Replicates(seed uint64, count int) []float64 {
	out := make([]float64, count*p.Outputs)
	tables := p.tables()
	p.parallel(count, func(r int, t Totals, scratch any, weights []uint32) {
		t.clear()
		rnd := newStream(seed, r)
		p.weigh(&rnd, tables, t, weights)
		p.Statistic(scratch, t, out[r*p.Outputs:(r+1)*p.Outputs])
	})
	return out
}

// Observed returns the statistics of the population as it is.
func (p *Problem) Observed() []float64 {
	out := make([]float64, p.Outputs)
	t := p.Population.newTotals()
	for lo := 0; lo < len(p.Population.Multiplicity); lo += chunk {
		p.Population.add(t, lo, p.Population.Multiplicity[lo:min(lo+chunk, len(p.Population.Multiplicity))])
	}
	var scratch any
	if p.Scratch != nil {
		scratch = p.Scratch()
	}
	p.Statistic(scratch, t, out)
	return out
}

func (p *Problem) tables() map[uint32]*poisson {
	tables := map[uint32]*poisson{}
	for _, m := range p.Population.Multiplicity {
		for _, part := range []uint32{m % maxMean, min(m, maxMean)} {
			if part > 0 && tables[part] == nil {
				tables[part] = newPoisson(int(part))
			}
		}
	}
	return tables
}

func (p *Problem) weigh(rnd *stream, tables map[uint32]*poisson, t Totals, weights []uint32) {
	cells := p.Population.Multiplicity
	one := tables[1]
	var table *poisson
	last := uint32(0)
	for lo := 0; lo < len(cells); lo += chunk {
		hi := min(lo+chunk, len(cells))
		w := weights[:hi-lo]
		for j, m := range cells[lo:hi] {
			switch {
			case m == 1:
				w[j] = one.draw(rnd.next())
			case m <= maxMean:
				if m != last {
					table, last = tables[m], m
				}
				w[j] = table.draw(rnd.next())
			default:
				sum := uint32(0)
				for rest := m; rest > 0; {
					part := min(rest, maxMean)
					sum += tables[part].draw(rnd.next())
					rest -= part
				}
				w[j] = sum
			}
		}
		p.Population.add(t, lo, w)
	}
}

// parallel runs work for every number below count on GOMAXPROCS goroutines.
func (p *Problem) parallel(count int, work func(r int, t Totals, scratch any, weights []uint32)) {
	workers := min(runtime.GOMAXPROCS(0), count)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			t := p.Population.newTotals()
			weights := make([]uint32, chunk)
			var scratch any
			if p.Scratch != nil {
				scratch = p.Scratch()
			}
			for r := worker; r < count; r += workers {
				work(r, t, scratch, weights)
			}
		})
	}
	wg.Wait()
}

// jackknifeLimit bounds the work of the acceleration; beyond it the
// acceleration is of the order 1/sqrt(cells) and taken as 0.
const jackknifeLimit = 4000

// Accelerations estimates the acceleration of every output by leaving out one
// example of each cell in turn; zeros for populations of many cells.
func (p *Problem) Accelerations() []float64 {
	acc := make([]float64, p.Outputs)
	cells := p.Population.Multiplicity
	if len(cells) > jackknifeLimit || len(cells) == 0 {
		return acc
	}
	left := make([]float64, len(cells)*p.Outputs)
	p.parallel(len(cells), func(r int, t Totals, scratch any, weights []uint32) {
		t.clear()
		for lo := 0; lo < len(cells); lo += chunk {
			hi := min(lo+chunk, len(cells))
			w := weights[:hi-lo]
			copy(w, cells[lo:hi])
			if r >= lo && r < hi {
				w[r-lo]--
			}
			p.Population.add(t, lo, w)
		}
		p.Statistic(scratch, t, left[r*p.Outputs:(r+1)*p.Outputs])
	})
	for k := range acc {
		acc[k] = acceleration(left, cells, k, p.Outputs)
	}
	return acc
}

func acceleration(left []float64, cells []uint32, k, outputs int) float64 {
	var sum, n float64
	for j, m := range cells {
		v := left[j*outputs+k]
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
		sum += float64(float64(m) * v)
		n += float64(m)
	}
	mean := sum / n
	var square, cube float64
	for j, m := range cells {
		d := mean - left[j*outputs+k]
		square += float64(float64(m) * d * d)
		cube += float64(float64(m) * d * d * d)
	}
	if square == 0 {
		return 0
	}
	return cube / (6 * square * math.Sqrt(square))
}

// Bounds are two one-sided confidence bounds: the value is >= Lower with the
// given confidence, and <= Upper with the same.
type Bounds struct {
	Lower, Upper float64
	// Undefined is the share of replicates in which the statistic had no value.
	Undefined float64
	// Flat says that every replicate had the same value, so that resampling
	// knows nothing about the uncertainty.
	Flat bool
}

// Interval computes the bounds of one output from its replicates. Undefined
// replicates (NaN) count as the worst value on either side: resampling that
// loses the metric must not make it look certain.
func Interval(replicates []float64, k, outputs int, point, acceleration, confidence float64) Bounds {
	values := make([]float64, 0, len(replicates)/outputs)
	undefined := 0
	for r := k; r < len(replicates); r += outputs {
		if math.IsNaN(replicates[r]) {
			undefined++
		} else {
			values = append(values, replicates[r])
		}
	}
	total := len(values) + undefined
	b := Bounds{Lower: math.Inf(-1), Upper: math.Inf(1), Undefined: float64(undefined) / float64(total)}
	if len(values) == 0 || math.IsNaN(point) {
		return b
	}
	sort.Float64s(values)
	b.Flat = values[0] == values[len(values)-1]
	below := float64(sort.SearchFloat64s(values, point))
	ties := float64(sort.Search(len(values), func(i int) bool { return values[i] > point })) - below
	// The half keeps the bias finite when all replicates lie on one side.
	share := (below + ties/2 + 0.5) / (float64(len(values)) + 1)
	bias := normalQuantile(share)
	level := func(alpha float64) float64 {
		z := normalQuantile(alpha)
		return normalCDF(bias + (bias+z)/(1-acceleration*(bias+z)))
	}
	n := float64(total)
	low := int(math.Floor(level(1-confidence)*(n+1))) - 1 - undefined
	high := int(math.Ceil(level(confidence)*(n+1))) - 1
	if low >= 0 {
		b.Lower = values[min(low, len(values)-1)]
	} else if undefined == 0 {
		b.Lower = values[0]
	}
	if high < len(values) {
		b.Upper = values[max(high, 0)]
	} else if undefined == 0 {
		b.Upper = values[len(values)-1]
	}
	return b
}

func normalCDF(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }
