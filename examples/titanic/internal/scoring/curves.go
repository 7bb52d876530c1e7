package scoring

// mostPoints bounds a curve, so that a report over a million cases stays readable by a browser.
const mostPoints = 500

// ROC returns the receiver operating characteristic from (0,0) to (1,1), one point per distinct score.
// Both are empty when only one class is present.
func ROC(examples []Example) (falsePositiveRates, truePositiveRates []float64) {
	ties := tiesOf(descending(examples))
	positives, negatives := totals(ties)
	if positives == 0 || negatives == 0 {
		return []float64{}, []float64{}
	}
	falsePositiveRates, truePositiveRates = []float64{0}, []float64{0}
	var tp, fp float64
	for _, tied := range ties {
		tp += tied.positives
		fp += tied.negatives
		falsePositiveRates = append(falsePositiveRates, fp/negatives)
		truePositiveRates = append(truePositiveRates, tp/positives)
	}
	return thin(falsePositiveRates), thin(truePositiveRates)
}

// PrecisionRecall returns precision and recall from the highest threshold to the lowest, one point per
// distinct score. Both are empty when only one class is present.
func PrecisionRecall(examples []Example) (precisions, recalls []float64) {
	ties := tiesOf(descending(examples))
	positives, negatives := totals(ties)
	if positives == 0 || negatives == 0 {
		return []float64{}, []float64{}
	}
	var tp, seen float64
	for _, tied := range ties {
		tp += tied.positives
		seen += tied.positives + tied.negatives
		precisions = append(precisions, tp/seen)
		recalls = append(recalls, tp/positives)
	}
	return thin(precisions), thin(recalls)
}

func totals(ties []tie) (positives, negatives float64) {
	for _, tied := range ties {
		positives += tied.positives
		negatives += tied.negatives
	}
	return positives, negatives
}

// thin keeps evenly spaced points, among them the first and the last.
func thin(points []float64) []float64 {
	if len(points) <= mostPoints {
		return points
	}
	kept := make([]float64, mostPoints)
	for i := range kept {
		kept[i] = points[i*(len(points)-1)/(mostPoints-1)]
	}
	return kept
}
