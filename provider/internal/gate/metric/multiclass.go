package metric

import "math"

// Matrix is a confusion matrix over k classes: [label*k + predicted] examples.
type Matrix []uint32

// EvaluateMatrix computes a multiclass metric from a confusion matrix over k
// classes; NaN where it is undefined or not a function of the matrix
// (log_loss, see ClassLoss). As in scikit-learn, averages run over the
// classes that occur as a label or as a prediction; a class that is never
// predicted has precision 0 there.
func EvaluateMatrix(name string, m Matrix, k int) float64 {
	var total, correct float64
	label := make([]float64, k)
	predicted := make([]float64, k)
	for l := range k {
		for p := range k {
			n := float64(m[l*k+p])
			label[l] += n
			predicted[p] += n
			total += n
			if l == p {
				correct += n
			}
		}
	}
	if total == 0 {
		return math.NaN()
	}
	if name == "accuracy" {
		return correct / total
	}
	var macro, classes, weighted float64
	for c := range k {
		if label[c]+predicted[c] == 0 {
			continue
		}
		hit := float64(m[c*k+c])
		var v float64
		switch name {
		case "macro_precision", "weighted_precision":
			v = orZero(hit, predicted[c])
		case "macro_recall", "weighted_recall", "balanced_accuracy":
			if name == "balanced_accuracy" && label[c] == 0 {
				continue
			}
			v = orZero(hit, label[c])
		case "macro_f1", "weighted_f1":
			v = orZero(2*hit, label[c]+predicted[c])
		default:
			return math.NaN()
		}
		macro += v
		classes++
		weighted += v * label[c]
	}
	switch name {
	case "weighted_precision", "weighted_recall", "weighted_f1":
		return weighted / total
	}
	return ratio(macro, classes)
}

func orZero(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// ClassLoss is the log loss of one example that gave its true class the
// probability p.
func ClassLoss(p float64) float64 { return -math.Log(clip(p)) }
