package metric

import "math"

// MomentCount is the number of values in Moments.
const MomentCount = 5

// Moments are sums over examples: weight, squared error, absolute error,
// target, squared target. Targets are taken relative to a fixed shift (the
// mean over all examples), which keeps r2 exact for targets far from 0.
// A multiclass log loss uses the second sum.
type Moments [MomentCount]float64

// Moment is the contribution of one example.
func Moment(target, predicted, shift float64) Moments {
	e, t := target-predicted, target-shift
	return Moments{1, e * e, math.Abs(e), t, t * t}
}

// EvaluateMoments computes a regression metric; NaN where it is undefined.
func EvaluateMoments(name string, m Moments) float64 {
	n := m[0]
	switch name {
	case "mse":
		return ratio(m[1], n)
	case "rmse":
		return math.Sqrt(ratio(m[1], n))
	case "mae":
		return ratio(m[2], n)
	case "log_loss":
		return ratio(m[1], n)
	case "r2":
		if n == 0 {
			return math.NaN()
		}
		spread := m[4] - m[3]*m[3]/n
		if spread <= 0 {
			return math.NaN()
		}
		return 1 - m[1]/spread
	}
	return math.NaN()
}
