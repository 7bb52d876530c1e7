package measure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/bootstrap"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// Coarse score bins, as used for many examples, give nearly the interval of
// exact resampling.
func TestCoarseBinsAreCloseToExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	p := &evidence.Predictions{Problem: metric.Binary}
	for range 5_000 {
		l := rnd.IntN(2)
		p.Labels, p.Scores = append(p.Labels, uint8(l)), append(p.Scores, 0.3*float64(l)+0.7*rnd.Float64())
	}
	s, err := New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	names := metric.Names(metric.Binary)
	bounds := func(limit int) []bootstrap.Bounds {
		r := &Intervals{s: s, limit: limit}
		for _, name := range names {
			r.Plain(Statistic{name, 0.5, "", Whole}, 0.95)
		}
		return r.Bounds(0, 800)
	}
	exact, coarse := bounds(0), bounds(300)
	for i, name := range names {
		// Two bootstraps differ by Monte Carlo error; an eighth of the width allows for it.
		allowed := (exact[i].Upper - exact[i].Lower) / 8
		if math.Abs(exact[i].Lower-coarse[i].Lower) > allowed || math.Abs(exact[i].Upper-coarse[i].Upper) > allowed {
			t.Errorf("%s: exact %+v, coarse %+v", name, exact[i], coarse[i])
		}
	}
}

// Very coarse bins move a statistic; the interval is moved back to the exact estimate.
func TestShiftOfCoarseBins(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	p := &evidence.Predictions{Problem: metric.Binary}
	for range 20_000 {
		l := rnd.IntN(2)
		p.Labels, p.Scores = append(p.Labels, uint8(l)), append(p.Scores, math.Pow(0.3*float64(l)+0.7*rnd.Float64(), 3))
	}
	s, err := New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := s.Value(Candidate, Statistic{"auc", 0.5, "", Whole})
	r := &Intervals{s: s, limit: 2}
	r.Plain(Statistic{"auc", 0.5, "", Whole}, 0.95)
	got := r.Bounds(0, 400)[0]
	observed := r.problem().Observed()[0]
	width := got.Upper - got.Lower
	if math.Abs(observed-v.Number) < 2*width {
		t.Fatalf("the bins shift nothing worth the name: auc %v, in bins %v, width %v", v.Number, observed, width)
	}
	if got.Lower > v.Number || got.Upper < v.Number {
		t.Errorf("auc %v is not in its interval [%v, %v]", v.Number, got.Lower, got.Upper)
	}
}

// More axes than fit one key are renumbered and still told apart.
func TestJointOfManyAxes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	j := &joint{n: 500}
	for range 12 {
		index := make([]int32, j.n)
		for i := range index {
			index[i] = int32(rnd.IntN(2)) * 999_999
		}
		j.axis(index, 1_000_000)
	}
	seen := map[[12]int32]uint32{}
	for i := range j.n {
		var key [12]int32
		for a := range key {
			key[a] = j.axes[a][i]
		}
		seen[key]++
	}
	j.build()
	if len(j.multiplicity) != len(seen) {
		t.Fatalf("%d groups, want %d", len(j.multiplicity), len(seen))
	}
	for g, m := range j.multiplicity {
		var key [12]int32
		for a := range key {
			key[a] = j.cells[a][g]
		}
		if seen[key] != m {
			t.Errorf("group %v has %d examples, want %d", key, m, seen[key])
		}
	}
}
