package gate

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
	s, err := newSample(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	names := metric.Names(metric.Binary)
	bounds := func(limit int) []bootstrap.Bounds {
		r := &resampler{s: s, limit: limit}
		for _, name := range names {
			v := s.newGroup(candidate, "", whole).value(name, 0.5)
			r.wanted = append(r.wanted, wanted{point: v.number, effective: v.effective, confidence: 0.95,
				nodes: []int{r.node(node{candidate, name, 0.5, "", whole})}})
		}
		return r.intervals(Settings{Replicates: 800})
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
	s, err := newSample(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := s.newGroup(candidate, "", whole).value("auc", 0.5)
	r := &resampler{s: s, limit: 2}
	r.wanted = []wanted{{point: v.number, effective: v.effective, confidence: 0.95, nodes: []int{r.node(node{candidate, "auc", 0.5, "", whole})}}}
	got := r.intervals(Settings{Replicates: 400})[0]
	observed := r.problem().Observed()[0]
	width := got.Upper - got.Lower
	if math.Abs(observed-v.number) < 2*width {
		t.Fatalf("the bins shift nothing worth the name: auc %v, in bins %v, width %v", v.number, observed, width)
	}
	if got.Lower > v.number || got.Upper < v.number {
		t.Errorf("auc %v is not in its interval [%v, %v]", v.number, got.Lower, got.Upper)
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

// Multiclass and regression go through the same resampling.
func TestIntervalsOfOtherProblems(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 9))
	classes := &evidence.Predictions{Problem: metric.Multiclass, Classes: []string{"a", "b", "c"}}
	numbers := &evidence.Predictions{Problem: metric.Regression}
	for range 400 {
		l, x := int32(rnd.IntN(3)), rnd.Float64()
		classes.Label = append(classes.Label, l)
		classes.Predicted = append(classes.Predicted, (l+int32(rnd.IntN(10)/8))%3)
		classes.Loss = append(classes.Loss, -math.Log(0.5+x/2))
		numbers.Target = append(numbers.Target, x)
		numbers.Estimate = append(numbers.Estimate, x+rnd.NormFloat64()/10)
	}
	for _, p := range []*evidence.Predictions{classes, numbers} {
		e := Evidence{Candidate: ModelEvidence{Predictions: p}, CandidateARN: secondARN, Champion: &Champion{ModelPackageARN: firstARN},
			Baseline: &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Predictions: p}}}
		for _, name := range metric.Names(p.Problem) {
			d := Decide([]Requirement{
				{Metric: name, Max: f(1), Confidence: f(0.95)},
				{Metric: name, VersusChampion: &VersusChampion{MaxDrop: f(0.05), Confidence: f(0.95)}},
			}, EvidenceRules{}, e, Settings{Replicates: 300})
			c := d.Checks[0]
			if c.Observed == nil || !(*c.Lower < *c.Observed && *c.Observed < *c.Upper) || *c.Upper-*c.Lower > 0.5 {
				t.Errorf("%s: %+v", name, c)
			}
			if g := d.Checks[1]; g.Observed == nil || *g.Observed != 0 || g.Verdict != Pass {
				t.Errorf("%s against itself: %+v", name, g)
			}
		}
	}
}
