// Package scoring measures a binary classifier: labels and scores go in; metrics, curves and a report in
// the shape of SageMaker's model quality file come out. Definitions are those of scikit-learn.
package scoring

import (
	"cmp"
	"math"
	"slices"
)

// Example is one labelled and scored case.
type Example struct {
	Positive bool
	Score    float64 // probability of the positive class
}

// Confusion counts cases by label and prediction.
type Confusion struct {
	TrueNegative, FalsePositive, FalseNegative, TruePositive int
}

// Confuse counts the cases; a score at or above the threshold predicts the positive class.
func Confuse(examples []Example, threshold float64) Confusion {
	var c Confusion
	for _, e := range examples {
		switch predicted := e.Score >= threshold; {
		case e.Positive && predicted:
			c.TruePositive++
		case e.Positive:
			c.FalseNegative++
		case predicted:
			c.FalsePositive++
		default:
			c.TrueNegative++
		}
	}
	return c
}

// Measure returns the metrics by name. One that is not defined for these cases, such as the precision of
// a classifier that never predicts the positive class, is left out rather than invented.
func Measure(examples []Example, threshold float64) map[string]float64 {
	c := Confuse(examples, threshold)
	metrics := map[string]float64{}
	ratio := func(name string, part, whole float64) {
		if whole > 0 {
			metrics[name] = part / whole
		}
	}
	tn, fp, fn, tp := float64(c.TrueNegative), float64(c.FalsePositive), float64(c.FalseNegative), float64(c.TruePositive)
	ratio("accuracy", tp+tn, tp+tn+fp+fn)
	ratio("precision", tp, tp+fp)
	ratio("recall", tp, tp+fn)
	ratio("specificity", tn, tn+fp)
	ratio("true_positive_rate", tp, tp+fn)
	ratio("true_negative_rate", tn, tn+fp)
	ratio("false_positive_rate", fp, tn+fp)
	ratio("false_negative_rate", fn, tp+fn)
	ratio("positive_rate", tp+fp, tp+tn+fp+fn)
	ratio("f0_5", 1.25*tp, 1.25*tp+0.25*fn+fp)
	ratio("f1", 2*tp, 2*tp+fn+fp)
	ratio("f2", 5*tp, 5*tp+4*fn+fp)
	if tp+fn > 0 && tn+fp > 0 {
		metrics["balanced_accuracy"] = (tp/(tp+fn) + tn/(tn+fp)) / 2
		metrics["auc"] = areaUnderCurve(examples)
		metrics["average_precision"] = averagePrecision(examples)
	}
	if len(examples) > 0 {
		metrics["log_loss"], metrics["brier"] = lossAndBrier(examples)
	}
	return metrics
}

// descending returns the cases from the highest score to the lowest.
func descending(examples []Example) []Example {
	sorted := slices.Clone(examples)
	slices.SortFunc(sorted, func(a, b Example) int { return cmp.Compare(b.Score, a.Score) })
	return sorted
}

// areaUnderCurve is the chance that a positive case scores above a negative one, ties counting half.
func areaUnderCurve(examples []Example) float64 {
	var area, positives, negatives float64
	for _, tied := range tiesOf(descending(examples)) {
		area += tied.negatives * (positives + tied.positives/2)
		positives += tied.positives
		negatives += tied.negatives
	}
	return area / (positives * negatives)
}

// averagePrecision is the precision at each threshold weighted by the recall it adds.
func averagePrecision(examples []Example) float64 {
	var sum, positives, seen float64
	for _, tied := range tiesOf(descending(examples)) {
		positives += tied.positives
		seen += tied.positives + tied.negatives
		sum += tied.positives * positives / seen
	}
	return sum / positives
}

// tie is a group of cases with the same score.
type tie struct{ score, positives, negatives float64 }

func tiesOf(sorted []Example) []tie {
	var ties []tie
	for i, e := range sorted {
		if i == 0 || e.Score != sorted[i-1].Score {
			ties = append(ties, tie{score: e.Score})
		}
		if e.Positive {
			ties[len(ties)-1].positives++
		} else {
			ties[len(ties)-1].negatives++
		}
	}
	return ties
}

// lossAndBrier returns the mean log loss and the mean squared error of the scores. A certain and wrong
// score counts as the smallest step away from certainty, so that the loss stays finite.
func lossAndBrier(examples []Example) (loss, brier float64) {
	const epsilon = 0x1p-52
	for _, e := range examples {
		p, miss := e.Score, e.Score
		if e.Positive {
			miss = 1 - e.Score
		} else {
			p = 1 - e.Score
		}
		loss -= math.Log(min(max(p, epsilon), 1-epsilon))
		brier += miss * miss
	}
	return loss / float64(len(examples)), brier / float64(len(examples))
}
