// Package amount holds quantities and sums that may be ranges or partly unknown, and writes them for people.
package amount

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Quantity is an amount of which at least Low is used, and at most High. Open means that the upper end is unknown;
// unknown altogether is Low 0 and Open.
type Quantity struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Open bool    `json:"open,omitempty"`
}

// Exactly is a known quantity.
func Exactly(n float64) Quantity { return Quantity{Low: n, High: n} }

// Between is a range.
func Between(low, high float64) Quantity { return Quantity{Low: low, High: max(low, high)} }

// AtLeast has no known upper end.
func AtLeast(n float64) Quantity { return Quantity{Low: n, High: n, Open: true} }

// Times scales the quantity.
func (q Quantity) Times(n float64) Quantity {
	return Quantity{Low: q.Low * n, High: q.High * n, Open: q.Open}
}

// Unknown is a quantity of which nothing is known.
var Unknown = Quantity{Open: true}

// Sum is an amount of money: at least Low, at most High unless Unknown parts are missing from both.
type Sum struct {
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Unknown int     `json:"unknown,omitempty"` // lines and resources without a figure
}

// Plus adds.
func (s Sum) Plus(o Sum) Sum {
	return Sum{Low: s.Low + o.Low, High: s.High + o.High, Unknown: s.Unknown + o.Unknown}
}

// Money shows an amount in dollars and cents; one that would round to nothing shows that it is not nothing.
func Money(amount float64) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	if amount == 0 {
		return "$0.00"
	}
	if amount < 0.005 {
		return sign + "<$0.01"
	}
	return sign + "$" + grouped(strconv.FormatFloat(amount, 'f', 2, 64))
}

// grouped puts commas between thousands.
func grouped(number string) string {
	whole, fraction, dotted := strings.Cut(number, ".")
	var b strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if dotted {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// String shows a sum: "$1.00", "$1.00 to $2.00", "at least $1.00", "unknown".
func (s Sum) String() string {
	low, high := Money(s.Low), Money(s.High)
	switch {
	case s.Unknown > 0 && s.Low == 0 && s.High == 0:
		return "unknown"
	case s.Unknown > 0:
		return "at least " + low
	case low != high:
		return low + " to " + high
	}
	return low
}

// Signed shows a change: "+$1.00", "-$1.00 to +$2.00", "+$1.00 and 2 unknown".
func (s Sum) Signed() string {
	plus := func(n float64) string {
		if n > 0 {
			return "+" + Money(n)
		}
		return Money(n)
	}
	text := plus(s.Low)
	if high := plus(s.High); high != text {
		text += " to " + high
	}
	if s.Unknown > 0 {
		text += fmt.Sprintf(" and %d unknown", s.Unknown)
	}
	return text
}

// Total is a sum in a heading; that it starts at nothing is said too.
func (s Sum) Total() string {
	if s.Unknown == 0 {
		return s.String()
	}
	text := fmt.Sprintf("at least %s (%d unknown", Money(s.Low), s.Unknown)
	if high := Money(s.High); high != Money(s.Low) {
		text += "; known ranges reach " + high
	}
	return text + ")"
}

// Text shows a quantity with its unit.
func (q Quantity) Text(unit string) string {
	switch {
	case q.Open && q.Low == 0 && q.High == 0:
		return "unknown " + unit
	case q.Open:
		return "at least " + Count(q.Low) + " " + unit
	case q.Low != q.High:
		return Count(q.Low) + " to " + Count(q.High) + " " + unit
	}
	return Count(q.Low) + " " + unit
}

// Count shows a number of things: whole, or to two decimals, or to three digits below one.
func Count(n float64) string {
	if n == math.Trunc(n) {
		return grouped(strconv.FormatFloat(n, 'f', -1, 64))
	}
	if n < 1 {
		return strconv.FormatFloat(n, 'g', 3, 64)
	}
	return grouped(strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64))
}
