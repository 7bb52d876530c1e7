package metric

import (
	"math"
	"strconv"
)

// Number prints a value for people: up to 6 significant digits.
func Number(v float64) string {
	if math.IsNaN(v) {
		return "NaN"
	}
	s := strconv.FormatFloat(v, 'g', 6, 64)
	if s == "-0" {
		return "0"
	}
	return s
}

// Finite tells whether x is a number that is not infinite.
func Finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
