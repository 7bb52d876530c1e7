package gate

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// large makes predictions of two models on the same examples, without a file.
func large(count int) (cand, base *evidence.Predictions) {
	rnd := rand.New(rand.NewPCG(11, 13))
	cand = &evidence.Predictions{Problem: metric.Binary, Slices: map[string]evidence.Slice{}}
	base = &evidence.Predictions{Problem: metric.Binary, Slices: map[string]evidence.Slice{}}
	s := evidence.Slice{}
	for i := range 10 {
		s.Values = append(s.Values, fmt.Sprint(i))
	}
	for range count {
		l := rnd.IntN(2)
		cand.Labels = append(cand.Labels, uint8(l))
		cand.Scores = append(cand.Scores, 0.3*float64(l)+0.7*rnd.Float64())
		base.Scores = append(base.Scores, 0.25*float64(l)+0.75*rnd.Float64())
		s.Index = append(s.Index, int32(rnd.IntN(10)))
	}
	base.Labels = cand.Labels
	cand.Slices["segment"] = s
	return cand, base
}

var sixMetrics = []string{"accuracy", "recall", "f1", "auc", "log_loss", "average_precision"}

// BenchmarkGate decides on a million predictions with six metrics on ten slices
// and a thousand replicates; "paired" compares each with the champion as well.
func BenchmarkGate(b *testing.B) {
	cand, base := large(1_000_000)
	for _, paired := range []bool{false, true} {
		var reqs []rules.Requirement
		for _, m := range sixMetrics {
			if info, _ := metric.Lookup(m); info.LowerIsBetter {
				reqs = append(reqs, rules.Requirement{Metric: m, Max: f(1), Confidence: f(0.95), EachSlice: "segment"})
			} else {
				reqs = append(reqs, rules.Requirement{Metric: m, Min: f(0.1), Confidence: f(0.95), EachSlice: "segment"})
			}
			if paired {
				reqs = append(reqs, rules.Requirement{Metric: m, VersusChampion: &rules.VersusChampion{MaxDrop: f(0.1), Confidence: f(0.95)}, EachSlice: "segment"})
			}
		}
		e := Evidence{Now: noon, CreatedAt: noon, CandidateARN: secondARN, Candidate: ModelEvidence{Predictions: cand}}
		if paired {
			e.Champion = &Champion{ModelPackageARN: firstARN}
			e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Predictions: base}}
		}
		b.Run(fmt.Sprintf("paired=%v", paired), func(b *testing.B) {
			var peak uint64
			for b.Loop() {
				stop := watchHeap(&peak)
				if d := Decide(reqs, rules.Evidence{}, e, Settings{Replicates: 1000}); d.Outcome != Approved {
					b.Fatal(Table(d.Checks))
				}
				stop()
			}
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	}
}

// watchHeap samples the heap while something runs.
func watchHeap(peak *uint64) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			*peak = max(*peak, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}

// coverage is how often the two-sided interval made of two one-sided bounds
// contains the true value, over simulated evaluations of a known population, by
// metric and confidence.
func coverage(examples, trials int, confidences []float64) map[string]map[float64]float64 {
	var reqs []rules.Requirement
	var index []struct {
		metric     string
		confidence float64
	}
	hits := map[string]map[float64]float64{}
	for _, m := range slices.Sorted(maps.Keys(truths)) {
		hits[m] = map[float64]float64{}
		for _, c := range confidences {
			reqs = append(reqs, rules.Requirement{Metric: m, Min: f(0), Confidence: f(1 - (1-c)/2)})
			index = append(index, struct {
				metric     string
				confidence float64
			}{m, c})
		}
	}
	for trial := range trials {
		rnd := rand.New(rand.NewPCG(uint64(trial), 99))
		p := &evidence.Predictions{Problem: metric.Binary}
		for range examples {
			l, s := population(rnd)
			p.Labels, p.Scores = append(p.Labels, l), append(p.Scores, s)
		}
		d := Decide(reqs, rules.Evidence{}, Evidence{Candidate: ModelEvidence{Predictions: p}}, Settings{Seed: uint64(trial), Replicates: 1000})
		for _, c := range d.Checks {
			at := index[c.Index]
			if truth := truths[at.metric]; *c.Lower <= truth && truth <= *c.Upper {
				hits[at.metric][at.confidence] += 1 / float64(trials)
			}
		}
	}
	return hits
}

// population of scores with a known accuracy and AUC: label 0 draws a uniform
// variable, label 1 the larger of two.
func population(rnd *rand.Rand) (uint8, float64) {
	l := uint8(rnd.IntN(2))
	s := rnd.Float64()
	if l == 1 {
		s = max(s, rnd.Float64())
	}
	return l, s
}

// For label 1 the score has density 2s, for label 0 density 1, so that
// P(s1 > s0) = integral 2s*s = 2/3, recall at 0.5 = 1 - 0.25 = 3/4 and
// accuracy = (0.5 + 0.75)/2.
var truths = map[string]float64{"auc": 2.0 / 3, "accuracy": 0.625, "recall": 0.75}

// TestCoverage is the small version of BenchmarkCoverage.
func TestCoverage(t *testing.T) {
	const trials = 150
	for name, byConfidence := range coverage(300, trials, []float64{0.9, 0.99}) {
		for confidence, got := range byConfidence {
			// Three standard errors of the trials on top of the 1.5 points.
			allowed := 0.015 + 3*math.Sqrt(confidence*(1-confidence)/trials)
			if math.Abs(got-confidence) > allowed {
				t.Errorf("%s: %.0f%% intervals contain the truth in %.1f%% of %d evaluations", name, 100*confidence, 100*got, trials)
			}
		}
	}
}

// BenchmarkCoverage runs the documented simulation: 2,000 evaluations of 500
// examples each; it fails where a metric is beyond 1.5 points of the nominal
// confidence.
func BenchmarkCoverage(b *testing.B) {
	for b.Loop() {
		for name, byConfidence := range coverage(500, 2000, []float64{0.90, 0.95, 0.99}) {
			for confidence, got := range byConfidence {
				b.ReportMetric(100*got, fmt.Sprintf("%%of%g-%s", 100*confidence, name))
				if math.Abs(got-confidence) > 0.015 {
					b.Errorf("%s: %.0f%% intervals contain the truth in %.2f%%", name, 100*confidence, 100*got)
				}
			}
		}
	}
}
