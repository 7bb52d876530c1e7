package survival

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
)

// everybody returns the committed data file.
func everybody(t testing.TB) []passengers.Labelled {
	t.Helper()
	file, err := os.Open("../../data/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := passengers.ReadTable(file, "titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestCrossValidation measures the model on all passengers:
// go test -run TestCrossValidation -v ./examples/titanic/internal/survival
func TestCrossValidation(t *testing.T) {
	tests := []struct {
		features                string
		seeds                   int
		leastAccuracy, leastAUC float64
		mostLogLoss             float64
	}{
		{"full", 5, 0.80, 0.85, 0.45},
		{"plain", 2, 0.77, 0.83, 0.48},
		{"weak", 2, 0.55, 0.50, 0.70},
	}
	rows := everybody(t)
	for _, test := range tests {
		t.Run(test.features, func(t *testing.T) {
			settings := DefaultSettings
			settings.Features = test.features
			got, err := CrossValidate(rows, settings, 10, test.seeds, 1)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("accuracy %.4f, auc %.4f, log loss %.4f over %d folds and %d seeds", got.Accuracy, got.AUC, got.LogLoss, got.Folds, got.Repeats)
			if got.Accuracy < test.leastAccuracy || got.AUC < test.leastAUC || got.LogLoss > test.mostLogLoss {
				t.Errorf("expected accuracy >= %v, auc >= %v, log loss <= %v", test.leastAccuracy, test.leastAUC, test.mostLogLoss)
			}
			if test.features == "weak" && got.Accuracy > 0.7 {
				t.Errorf("the weak model reaches %v, expected it to stay poor", got.Accuracy)
			}
		})
	}
}

// BenchmarkTrain reports what a training of the default model takes and reaches.
func BenchmarkTrain(b *testing.B) {
	rows := everybody(b)
	var measured *CrossValidation
	for b.Loop() {
		if _, err := Fit(rows, DefaultSettings); err != nil {
			b.Fatal(err)
		}
		var err error
		if measured, err = CrossValidate(rows, DefaultSettings, 10, 5, 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(measured.Accuracy, "cv_accuracy")
	b.ReportMetric(measured.AUC, "cv_auc")
}

func TestFitIsDeterministic(t *testing.T) {
	rows := everybody(t)
	encode := func() []byte {
		model, err := Fit(rows, DefaultSettings)
		if err != nil {
			t.Fatal(err)
		}
		if model.CrossValidation, err = CrossValidate(rows, DefaultSettings, 5, 1, 7); err != nil {
			t.Fatal(err)
		}
		encoded, err := model.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	first := encode()
	for range 2 {
		if again := encode(); !bytes.Equal(first, again) {
			t.Fatalf("two trainings differ:\n%s\n%s", first, again)
		}
	}
}

// TestFitIsAMinimum nudges each coefficient both ways: the penalised loss must not fall.
func TestFitIsAMinimum(t *testing.T) {
	rows := everybody(t)
	for features := range featureSets {
		settings := DefaultSettings
		settings.Features = features
		model, err := Fit(rows, settings)
		if err != nil {
			t.Fatal(err)
		}
		d := newDesign(rows, model)
		loss := func() float64 {
			sum := 0.0
			for _, row := range rows {
				p := model.Score(row.Passenger)
				if !row.Survived {
					p = 1 - p
				}
				sum -= math.Log(p)
			}
			for j, term := range model.Terms {
				weight := term.Coefficient * d.scale[j]
				sum += settings.L2 / 2 * weight * weight
			}
			return sum
		}
		best := loss()
		for j := range model.Terms {
			for _, nudge := range []float64{-0.01, 0.01} {
				kept := model.Terms[j].Coefficient
				model.Terms[j].Coefficient += nudge / d.scale[j]
				if worse := loss(); worse < best {
					t.Errorf("%s: moving %s by %v lowers the loss from %v to %v", features, model.Terms[j].Name, nudge, best, worse)
				}
				model.Terms[j].Coefficient = kept
			}
		}
	}
}

// TestAgreesWithScikitLearn compares scores with those of scikit-learn's logistic regression over the same
// terms and penalty; testdata/reference.py printed them.
func TestAgreesWithScikitLearn(t *testing.T) {
	rows := everybody(t)
	model, err := Fit(rows, DefaultSettings)
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range map[int]float64{0: 0.964572, 1: 0.882243, 2: 0.982358, 200: 0.311002, 700: 0.198515, 1308: 0.14718} {
		if got := model.Score(rows[row].Passenger); math.Abs(got-want) > 1e-5 {
			t.Errorf("passenger %d scores %.6f, scikit-learn says %.6f", rows[row].ID, got, want)
		}
	}
}

// TestTrainingIsFast takes the best of some fits, as others may be busy on this machine.
func TestTrainingIsFast(t *testing.T) {
	rows := everybody(t)
	best := time.Hour
	for range 5 {
		started := time.Now()
		if _, err := Fit(rows, DefaultSettings); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(started))
	}
	if best > time.Second {
		t.Errorf("a fit took %v at best, expected less than a second", best)
	}
}

func TestFitRefuses(t *testing.T) {
	rows := everybody(t)
	onlySurvivors := slices.DeleteFunc(slices.Clone(rows), func(row passengers.Labelled) bool { return !row.Survived })
	tests := []struct {
		name     string
		rows     []passengers.Labelled
		settings Settings
		want     string
	}{
		{"one class", onlySurvivors, DefaultSettings, ErrOneClass.Error()},
		{"unknown features", rows, Settings{"best", 1, 50}, `features "best" is not known, expected one of full, plain, weak`},
		{"too few iterations", rows, Settings{"full", 1, 1}, "did not converge in 1 iterations"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Fit(test.rows, test.settings); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, expected %q", err, test.want)
			}
		})
	}
	if _, err := Fit(onlySurvivors, DefaultSettings); !errors.Is(err, ErrOneClass) {
		t.Errorf("got %v, expected ErrOneClass", err)
	}
	if _, err := CrossValidate(rows[:20], DefaultSettings, 30, 1, 1); err == nil || !strings.Contains(err.Error(), "got 30 folds") {
		t.Errorf("got %v, expected too many folds to be refused", err)
	}
}

func TestModelWithoutAges(t *testing.T) {
	rows := everybody(t)
	for i := range rows {
		rows[i].Age, rows[i].AgeKnown = 0, false
	}
	model, err := Fit(rows, DefaultSettings)
	if err != nil {
		t.Fatal(err)
	}
	if score := model.Score(passengers.Passenger{Class: 1, Female: true}); !(score > 0.8 && score < 1) {
		t.Errorf("a woman in first class scores %v, expected between 0.8 and 1", score)
	}
}
