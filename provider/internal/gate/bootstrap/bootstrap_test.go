package bootstrap

import (
	"math"
	"slices"
	"testing"
)

// The tables draw what they are named for: mean and variance of a Poisson
// variable are its mean, and the shares of the first values are known.
func TestPoisson(t *testing.T) {
	for _, mean := range []int{1, 2, 17, 1024} {
		table, rnd := newPoisson(mean), newStream(1, mean)
		const draws = 200_000
		var sum, square, zero float64
		for range draws {
			v := float64(table.draw(rnd.next()))
			sum += v
			square += v * v
			if v == 0 {
				zero++
			}
		}
		m := sum / draws
		variance := square/draws - m*m
		if tolerance := 5 * math.Sqrt(float64(mean)/draws); math.Abs(m-float64(mean)) > tolerance {
			t.Errorf("mean %d: %v", mean, m)
		}
		if math.Abs(variance/float64(mean)-1) > 0.03 {
			t.Errorf("variance of mean %d: %v", mean, variance)
		}
		if want := math.Exp(-float64(mean)); mean == 1 && math.Abs(zero/draws-want) > 0.005 {
			t.Errorf("share of zeros: %v, want %v", zero/draws, want)
		}
	}
}

// mean of two groups of examples, one cell each.
func proportion(ones, zeros uint32) *Problem {
	return &Problem{
		Population: Population{Multiplicity: []uint32{ones, zeros}, Sinks: []Sink{{Index: []int32{0, 1}, Size: 2}}},
		Outputs:    1,
		Statistic: func(_ any, t Totals, out []float64) {
			c := t.Counts[0]
			out[0] = float64(c[0]) / float64(c[0]+c[1])
		},
	}
}

// The interval of a proportion is that of the binomial distribution, whether its
// examples are one cell or more than a table holds.
func TestIntervalOfAProportion(t *testing.T) {
	for _, n := range []uint32{400, 40_000} {
		p := proportion(n*8/10, n*2/10)
		b := Interval(p.Replicates(3, 4000), 0, 1, p.Observed()[0], p.Accelerations()[0], 0.95)
		sd := math.Sqrt(0.8 * 0.2 / float64(n))
		if math.Abs(b.Lower-(0.8-1.645*sd)) > 0.25*sd || math.Abs(b.Upper-(0.8+1.645*sd)) > 0.25*sd {
			t.Errorf("n=%d: [%v, %v], the normal approximation gives 0.8 +- %v", n, b.Lower, b.Upper, 1.645*sd)
		}
	}
}

// Examples drawn one by one have the distribution of examples drawn as a cell.
func TestCellsAreExamples(t *testing.T) {
	apart := &Problem{Outputs: 1, Statistic: proportion(1, 1).Statistic}
	var index []int32
	for i := range 300 {
		apart.Population.Multiplicity = append(apart.Population.Multiplicity, 1)
		index = append(index, int32(i%3/2))
	}
	apart.Population.Sinks = []Sink{{Index: index, Size: 2}}
	together := proportion(200, 100)
	a, b := apart.Replicates(1, 8000), together.Replicates(2, 8000)
	slices.Sort(a)
	slices.Sort(b)
	for _, q := range []int{400, 2000, 4000, 6000, 7600} {
		if math.Abs(a[q]-b[q]) > 0.006 {
			t.Errorf("quantile %d: %v apart, %v together", q, a[q], b[q])
		}
	}
}

func TestUndefinedReplicatesWidenTheInterval(t *testing.T) {
	nan := math.NaN()
	values := slices.Repeat([]float64{0.5}, 90)
	values = append(values, slices.Repeat([]float64{nan}, 10)...)
	b := Interval(values, 0, 1, 0.5, 0, 0.95)
	if b.Undefined != 0.1 || !math.IsInf(b.Lower, -1) || !math.IsInf(b.Upper, 1) {
		t.Errorf("a tenth undefined at 95%%: %+v", b)
	}
	if b := Interval([]float64{nan, nan}, 0, 1, 0.5, 0, 0.95); !math.IsInf(b.Lower, -1) {
		t.Errorf("all undefined: %+v", b)
	}
	if b := Interval(slices.Repeat([]float64{1}, 100), 0, 1, 1, 0, 0.95); !b.Flat || b.Lower != 1 {
		t.Errorf("all equal: %+v", b)
	}
}
