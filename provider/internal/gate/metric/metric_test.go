package metric

import (
	"math"
	"testing"
)

func TestUndefinedIsNotZero(t *testing.T) {
	bins, index := BinScores([]uint8{1, 1}, []float64{0.2, 0.4}, nil, 0)
	counts := bins.Count([]uint8{1, 1}, index)
	for _, name := range []string{"auc", "specificity", "false_positive_rate", "balanced_accuracy", "precision", "nonsense"} {
		if v := bins.Evaluate(BinaryMetric{Name: name, Cut: bins.Cut(0.5)}, counts); !math.IsNaN(v) {
			t.Errorf("%s of two positives scored below the threshold is %v", name, v)
		}
	}
	if v := EvaluateMoments("r2", Moments{3, 1, 1, 0, 0}); !math.IsNaN(v) {
		t.Errorf("r2 of a constant target is %v", v)
	}
	if v := EvaluateMatrix("accuracy", Matrix{0, 0, 0, 0}, 2); !math.IsNaN(v) {
		t.Errorf("accuracy of nothing is %v", v)
	}
}

// However coarse the bins, a threshold and the calibration error stay exact.
func TestCoarseBinsKeepThresholds(t *testing.T) {
	var labels []uint8
	var scores []float64
	for i := range 5000 {
		labels, scores = append(labels, uint8(i*7%11%2)), append(scores, float64(i)/5000)
	}
	cuts := []float64{0.3172, 0.5}
	exact, exactIndex := BinScores(labels, scores, nil, 0)
	coarse, coarseIndex := BinScores(labels, scores, cuts, 16)
	if coarse.Len() > 40 {
		t.Fatalf("%d bins, at most about 16 and the cuts were asked for", coarse.Len())
	}
	a, b := exact.Count(labels, exactIndex), coarse.Count(labels, coarseIndex)
	for _, cut := range cuts {
		if x, y := a.ConfusionAt(exact.Cut(cut)), b.ConfusionAt(coarse.Cut(cut)); x != y {
			t.Errorf("at %v: %+v, want %+v", cut, y, x)
		}
	}
	for _, name := range []string{"expected_calibration_error", "log_loss", "brier"} {
		m := BinaryMetric{Name: name}
		if x, y := exact.Evaluate(m, a), coarse.Evaluate(m, b); math.Abs(x-y) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, y, x)
		}
	}
}

func TestCalibrationEdges(t *testing.T) {
	for _, c := range []struct {
		score float64
		bin   uint8
	}{{0, 0}, {0.1, 0}, {math.Nextafter(0.1, 1), 1}, {0.5, 4}, {0.51, 5}, {1, 9}} {
		if got := calibrationBin(c.score); got != c.bin {
			t.Errorf("score %v is in bin %d, want %d", c.score, got, c.bin)
		}
	}
}
