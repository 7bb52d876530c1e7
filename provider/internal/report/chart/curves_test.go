package chart

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

func area(points []point) float64 {
	sum := 0.0
	for i := 1; i < len(points); i++ {
		sum += (points[i].X - points[i-1].X) * (points[i].Y + points[i-1].Y) / 2
	}
	return sum
}

// TestCurves compares what is drawn with the metrics of the gate: the area under
// the ROC curve is the AUC.
func TestCurves(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	p := &evidence.Predictions{Problem: metric.Binary}
	for range 3000 {
		label := random.IntN(2)
		p.Labels, p.Scores = append(p.Labels, uint8(label)), append(p.Scores, min(max(0.35+0.3*float64(label)+0.2*random.NormFloat64(), 0), 1))
	}
	m := NewModel(p, 0.5)
	if got, want := area(roc(m.Counts)), m.Value("auc"); math.Abs(got-want) > 1e-12 {
		t.Errorf("the area under the curve is %v, the AUC %v", got, want)
	}
	if got, want := area(thin(roc(m.Counts), unseen)), m.Value("auc"); math.Abs(got-want) > unseen {
		t.Errorf("the area under the thinned curve is %v, the AUC %v", got, want)
	}
	ece, n := 0.0, int64(0)
	for _, b := range calibration(m.P) {
		ece += math.Abs(b.Came-b.Promised) * float64(b.Examples)
		n += b.Examples
		if b.Low > b.Came || b.High < b.Came {
			t.Errorf("the interval %v to %v does not hold %v", b.Low, b.High, b.Came)
		}
	}
	if want := m.Value("expected_calibration_error"); math.Abs(ece/float64(n)-want) > 1e-12 {
		t.Errorf("the bins give an error of %v, the gate %v", ece/float64(n), want)
	}
}

// TestThin checks that no point is further from the thinned curve than
// tolerance allows, on steps, lines and noise, and that corners survive.
func TestThin(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	steps, noise := []point{{0, 0}}, []point{{0, 0.5}}
	for i := range 50_000 {
		last := steps[len(steps)-1]
		if random.IntN(2) == 0 {
			last.X += random.Float64() / 25_000
		} else {
			last.Y += random.Float64() / 25_000
		}
		steps = append(steps, last)
		noise = append(noise, point{float64(i) / 50_000, random.Float64()})
	}
	for name, points := range map[string][]point{"steps": steps, "noise": noise[:3000], "corner": {{0, 0}, {0, 0.5}, {0, 0.9}, {0.5, 0.9}, {1, 1}}} {
		thinned := thin(points, unseen)
		worst := 0.0
		for _, p := range points {
			near := math.Inf(1)
			for i := 1; i < len(thinned); i++ {
				near = min(near, distance(p, thinned[i-1], thinned[i]))
			}
			worst = max(worst, near)
		}
		if worst > unseen+1.0/columns || len(thinned) > 4*columns {
			t.Errorf("%s: %d points became %d, the farthest is %v away", name, len(points), len(thinned), worst)
		}
		if name == "corner" && len(thinned) != 4 {
			t.Errorf("the corners became %v", thinned)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		low, high float64
		want      []string
	}{
		{0, 1, []string{"0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{-0.05, 0.1, []string{"-0.05", "0", "0.05", "0.10"}},
		{0, 1300, []string{"0", "500", "1000"}},
	} {
		step := NiceStep(tt.high-tt.low, 5)
		var got []string
		for _, v := range Ticks(tt.low, tt.high, step) {
			got = append(got, TickLabel(v, step))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("ticks from %v to %v are %v, expected %v", tt.low, tt.high, got, tt.want)
		}
	}
}
