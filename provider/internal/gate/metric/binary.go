package metric

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// CalibrationBins is the number of equal-width score bins of the expected
// calibration error.
const CalibrationBins = 10

// lossClip keeps log_loss finite for scores of exactly 0 and 1, as
// scikit-learn does (the epsilon of float64).
const lossClip = 0x1p-52

// Bins describes the score axis of one model: bins in ascending score order.
// A bin holds one distinct score, or a run of neighbouring scores when there
// are too many to keep apart; then the per-example values below are means over
// the run, by label.
type Bins struct {
	first []float64 // lowest score in the bin
	calib []uint8   // calibration bin
	// Mean contribution of one example, by label.
	lossPos, lossNeg   []float64
	sqPos, sqNeg       []float64
	scorePos, scoreNeg []float64
}

// Len is the number of bins.
func (b *Bins) Len() int { return len(b.first) }

// Cut is the index of the first bin whose scores are all >= threshold.
func (b *Bins) Cut(threshold float64) int {
	return sort.Search(len(b.first), func(i int) bool { return b.first[i] >= threshold })
}

// BinScores sorts the scores into at most about limit bins and returns the
// bins and the bin index of every example. A bin never straddles a cut (a
// decision threshold) or a calibration edge, so that thresholded metrics and
// the calibration error stay exact however coarse the bins are; limit <= 0
// keeps every distinct score apart.
func BinScores(labels []uint8, scores []float64, cuts []float64, limit int) (*Bins, []int32) {
	order := make([]int32, len(scores))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, c int32) int { return cmp.Compare(scores[a], scores[c]) })
	distinct := 0
	for i, o := range order {
		if i == 0 || scores[o] != scores[order[i-1]] {
			distinct++
		}
	}
	width := 0 // examples per bin; 0: every distinct score apart
	if limit > 0 && distinct > limit {
		width = (len(order) + limit - 1) / limit
	}
	sortedCuts := append([]float64(nil), cuts...)
	sort.Float64s(sortedCuts)

	b := &Bins{}
	index := make([]int32, len(scores))
	var posN, negN, inBin int
	var sum binSum
	flush := func() {
		if inBin == 0 {
			return
		}
		sum.store(b, posN, negN)
		sum, posN, negN, inBin = binSum{}, 0, 0, 0
	}
	nextCut := 0
	for i := 0; i < len(order); {
		s := scores[order[i]]
		crossed := false
		for nextCut < len(sortedCuts) && s >= sortedCuts[nextCut] {
			nextCut++
			crossed = true
		}
		c := calibrationBin(s)
		if inBin > 0 && (width == 0 || inBin >= width || crossed || c != b.calib[len(b.calib)-1]) {
			flush()
		}
		if inBin == 0 {
			b.first = append(b.first, s)
			b.calib = append(b.calib, c)
		}
		var p, n int
		for ; i < len(order) && scores[order[i]] == s; i++ {
			index[order[i]] = int32(len(b.first) - 1)
			if labels[order[i]] == 1 {
				p++
			} else {
				n++
			}
		}
		sum.add(s, p, n)
		posN, negN, inBin = posN+p, negN+n, inBin+p+n
	}
	flush()
	return b, index
}

// binSum gathers one bin's per-label sums, over distinct scores in ascending
// order, so that the result does not depend on the order of the examples.
type binSum struct{ lossPos, lossNeg, sqPos, sqNeg, scorePos, scoreNeg float64 }

func (s *binSum) add(score float64, pos, neg int) {
	p, n := float64(pos), float64(neg)
	s.lossPos += p * -math.Log(clip(score))
	s.lossNeg += n * -math.Log(clip(1-score))
	s.sqPos += p * (1 - score) * (1 - score)
	s.sqNeg += n * score * score
	s.scorePos += p * score
	s.scoreNeg += n * score
}

func (s *binSum) store(b *Bins, pos, neg int) {
	mean := func(sum float64, n int) float64 {
		if n == 0 {
			return 0
		}
		return sum / float64(n)
	}
	b.lossPos = append(b.lossPos, mean(s.lossPos, pos))
	b.lossNeg = append(b.lossNeg, mean(s.lossNeg, neg))
	b.sqPos = append(b.sqPos, mean(s.sqPos, pos))
	b.sqNeg = append(b.sqNeg, mean(s.sqNeg, neg))
	b.scorePos = append(b.scorePos, mean(s.scorePos, pos))
	b.scoreNeg = append(b.scoreNeg, mean(s.scoreNeg, neg))
}

func clip(p float64) float64 { return math.Min(math.Max(p, lossClip), 1-lossClip) }

// calibrationBin is the bin (k/10, (k+1)/10] of a score, 0 in the first, as
// scikit-learn's calibration_curve draws the edges.
func calibrationBin(s float64) uint8 {
	k := 0
	for k < CalibrationBins-1 && s > float64(k+1)*0.1 {
		k++
	}
	return uint8(k)
}

// Counts are the numbers of examples by bin and label: [2*bin] negatives,
// [2*bin+1] positives.
type Counts []uint32

// Count tallies examples into counts over the bins.
func (b *Bins) Count(labels []uint8, index []int32) Counts {
	c := make(Counts, 2*b.Len())
	for i, k := range index {
		c[2*k+int32(labels[i])]++
	}
	return c
}

// BinaryMetric is a metric with its decision threshold resolved against bins.
type BinaryMetric struct {
	Name string
	// Cut is the first bin predicted positive (Bins.Cut of the threshold).
	Cut int
}

// Confusion is a binary confusion matrix of counts.
type Confusion struct{ TN, FP, FN, TP float64 }

// ConfusionAt counts examples on both sides of a cut.
func (c Counts) ConfusionAt(cut int) Confusion {
	var m [4]uint64
	for i := 0; i < 2*cut; i += 2 {
		m[0] += uint64(c[i])
		m[1] += uint64(c[i+1])
	}
	for i := 2 * cut; i < len(c); i += 2 {
		m[2] += uint64(c[i])
		m[3] += uint64(c[i+1])
	}
	return Confusion{TN: float64(m[0]), FN: float64(m[1]), FP: float64(m[2]), TP: float64(m[3])}
}

// Value computes a metric that depends only on the confusion matrix; ok is
// false for the others.
func (m Confusion) Value(name string) (value float64, ok bool) {
	switch name {
	case "accuracy":
		return ratio(m.TP+m.TN, m.TP+m.TN+m.FP+m.FN), true
	case "balanced_accuracy":
		return (ratio(m.TP, m.TP+m.FN) + ratio(m.TN, m.TN+m.FP)) / 2, true
	case "precision":
		return ratio(m.TP, m.TP+m.FP), true
	case "recall":
		return ratio(m.TP, m.TP+m.FN), true
	case "specificity":
		return ratio(m.TN, m.TN+m.FP), true
	case "f1":
		return ratio(2*m.TP, 2*m.TP+m.FP+m.FN), true
	case "false_positive_rate":
		return ratio(m.FP, m.FP+m.TN), true
	case "false_negative_rate":
		return ratio(m.FN, m.FN+m.TP), true
	case "positive_rate":
		return ratio(m.TP+m.FP, m.TP+m.TN+m.FP+m.FN), true
	}
	return 0, false
}

// Evaluate computes a metric over counted examples; NaN where it is undefined
// (no examples, no positives, no predicted positives) or unknown.
func (b *Bins) Evaluate(m BinaryMetric, c Counts) float64 {
	switch m.Name {
	case "auc":
		return auc(c)
	case "average_precision":
		return averagePrecision(c)
	case "log_loss":
		return b.mean(c, b.lossPos, b.lossNeg)
	case "brier":
		return b.mean(c, b.sqPos, b.sqNeg)
	case "expected_calibration_error":
		return b.calibrationError(c)
	}
	if v, ok := c.ConfusionAt(m.Cut).Value(m.Name); ok {
		return v
	}
	return math.NaN()
}

// ratio is NaN rather than 0 where nothing was counted: an undefined metric
// must never clear a bound.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// auc is the probability that a positive scores above a negative, ties half.
func auc(c Counts) float64 {
	var below, pos, rank float64
	for i := 0; i+1 < len(c); i += 2 {
		n, p := float64(c[i]), float64(c[i+1])
		rank += p * (below + n/2)
		below += n
		pos += p
	}
	return ratio(rank, pos*below)
}

// averagePrecision sums precision over the steps of recall, from the highest
// score down.
func averagePrecision(c Counts) float64 {
	var tp, seen, sum float64
	for i := len(c) - 2; i >= 0; i -= 2 {
		n, p := float64(c[i]), float64(c[i+1])
		tp += p
		seen += p + n
		if p > 0 {
			sum += p * tp / seen
		}
	}
	return ratio(sum, tp)
}

func (b *Bins) mean(c Counts, pos, neg []float64) float64 {
	var sum, total float64
	for i := range pos {
		n, p := float64(c[2*i]), float64(c[2*i+1])
		sum += n*neg[i] + p*pos[i]
		total += n + p
	}
	return ratio(sum, total)
}

// calibrationError weighs |observed rate - mean score| by the examples of each
// calibration bin.
func (b *Bins) calibrationError(c Counts) float64 {
	var gap, total [CalibrationBins]float64
	for i := range b.first {
		n, p := float64(c[2*i]), float64(c[2*i+1])
		k := b.calib[i]
		gap[k] += p - (n*b.scoreNeg[i] + p*b.scorePos[i])
		total[k] += n + p
	}
	var sum, all float64
	for k := range gap {
		sum += math.Abs(gap[k])
		all += total[k]
	}
	return ratio(sum, all)
}
