// Package metric computes model-quality metrics from counted predictions.
//
// In: per-bin counts of examples (binary), a confusion matrix (multiclass) or
// moments of the errors (regression). Out: one float64 per metric, NaN where
// the metric is undefined. Point estimates and bootstrap replicates go through
// the same functions, so that an interval always describes the value it is
// printed beside. Values agree with scikit-learn's to 1e-9.
package metric

import "slices"

// Problem is the kind of prediction a model makes.
type Problem string

// The three kinds, named after the top-level keys of SageMaker's model-quality
// report (`<problem>_metrics`).
const (
	Binary     Problem = "binary_classification"
	Multiclass Problem = "multiclass_classification"
	Regression Problem = "regression"
)

// Info says what is known about a metric before any evidence is read.
type Info struct {
	// Name as it is written in a requirement and in the report.
	Name string
	// Problems for which the gate computes it from predictions.
	Problems []Problem
	// Bounded metrics lie in [0, 1]; a threshold outside is a mistake.
	Bounded bool
	// NonNegative metrics have no upper end but never fall below 0.
	NonNegative bool
	// LowerIsBetter turns the direction of "gain" and "drop" around.
	LowerIsBetter bool
	// Neutral metrics have no better direction, so a comparison with the
	// champion means nothing for them.
	Neutral bool
	// Thresholded metrics depend on decision_threshold.
	Thresholded bool
}

var (
	binaryOnly     = []Problem{Binary}
	multiclassOnly = []Problem{Multiclass}
	regressionOnly = []Problem{Regression}
	classification = []Problem{Binary, Multiclass}
)

// Known lists every metric the gate can compute from predictions.
var Known = []Info{
	{Name: "accuracy", Problems: classification, Bounded: true, Thresholded: true},
	{Name: "auc", Problems: binaryOnly, Bounded: true},
	{Name: "average_precision", Problems: binaryOnly, Bounded: true},
	{Name: "balanced_accuracy", Problems: classification, Bounded: true, Thresholded: true},
	{Name: "brier", Problems: binaryOnly, Bounded: true, LowerIsBetter: true},
	{Name: "expected_calibration_error", Problems: binaryOnly, Bounded: true, LowerIsBetter: true},
	{Name: "f1", Problems: binaryOnly, Bounded: true, Thresholded: true},
	{Name: "false_negative_rate", Problems: binaryOnly, Bounded: true, LowerIsBetter: true, Thresholded: true},
	{Name: "false_positive_rate", Problems: binaryOnly, Bounded: true, LowerIsBetter: true, Thresholded: true},
	{Name: "log_loss", Problems: classification, NonNegative: true, LowerIsBetter: true},
	{Name: "macro_f1", Problems: multiclassOnly, Bounded: true},
	{Name: "macro_precision", Problems: multiclassOnly, Bounded: true},
	{Name: "macro_recall", Problems: multiclassOnly, Bounded: true},
	{Name: "mae", Problems: regressionOnly, NonNegative: true, LowerIsBetter: true},
	{Name: "mse", Problems: regressionOnly, NonNegative: true, LowerIsBetter: true},
	{Name: "positive_rate", Problems: binaryOnly, Bounded: true, Neutral: true, Thresholded: true},
	{Name: "precision", Problems: binaryOnly, Bounded: true, Thresholded: true},
	{Name: "r2", Problems: regressionOnly},
	{Name: "recall", Problems: binaryOnly, Bounded: true, Thresholded: true},
	{Name: "rmse", Problems: regressionOnly, NonNegative: true, LowerIsBetter: true},
	{Name: "specificity", Problems: binaryOnly, Bounded: true, Thresholded: true},
	{Name: "weighted_f1", Problems: multiclassOnly, Bounded: true},
	{Name: "weighted_precision", Problems: multiclassOnly, Bounded: true},
	{Name: "weighted_recall", Problems: multiclassOnly, Bounded: true},
}

// Lookup finds a metric by name; ok is false for one that only a report can hold.
func Lookup(name string) (info Info, ok bool) {
	for _, i := range Known {
		if i.Name == name {
			return i, true
		}
	}
	return Info{}, false
}

// Computes reports whether the gate computes the metric from predictions of
// the given kind.
func (i Info) Computes(p Problem) bool { return slices.Contains(i.Problems, p) }

// Names of the metrics computed for a problem, sorted.
func Names(p Problem) []string {
	var names []string
	for _, i := range Known {
		if i.Computes(p) {
			names = append(names, i.Name)
		}
	}
	return names
}
