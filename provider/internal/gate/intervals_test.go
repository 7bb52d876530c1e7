package gate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

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
			d := Decide([]rules.Requirement{
				{Metric: name, Max: f(1), Confidence: f(0.95)},
				{Metric: name, VersusChampion: &rules.VersusChampion{MaxDrop: f(0.05), Confidence: f(0.95)}},
			}, rules.Evidence{}, e, Settings{Replicates: 300})
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
