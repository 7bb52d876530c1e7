// Package chart draws the curves, bars and histograms of a report as SVG, and computes what they show. In go predictions and numbers, out comes
// markup; every function is pure.
//
// The charts are written here rather than by gonum/plot: they stand inside
// the page, take its colours in light and dark from CSS, its fonts from the
// reader's system, and carry titles for screen readers, while gonum/plot would
// bring fonts and fixed colours of its own. All text is escaped in one place
// (Canvas.Text).
package chart

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Canvas gathers one SVG element. Colours come from the page's style sheet by
// class, so that a chart follows the reader's theme.
type Canvas struct {
	b             strings.Builder
	width, height float64
}

// NewCanvas starts a drawing that screen readers announce by its title and
// description. The id must be unique on the page.
func NewCanvas(id string, width, height float64, title, description string) *Canvas {
	c := &Canvas{width: width, height: height}
	c.b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ` + num(width) + ` ` + num(height) +
		`" aria-labelledby="` + id + `-t ` + id + `-d"><title id="` + id + `-t">` + template.HTMLEscapeString(title) +
		`</title><desc id="` + id + `-d">` + template.HTMLEscapeString(description) + `</desc>`)
	return c
}

// Markup ends the drawing.
func (c *Canvas) Markup() template.HTML {
	// Everything in it is a number, a class of ours, or went through HTMLEscapeString.
	return template.HTML(c.b.String() + "</svg>") //nolint:gosec // see above
}

// num prints a coordinate to a tenth of a pixel; what is not a number would
// make the drawing unreadable and becomes 0.
func num(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// Line draws a straight line.
func (c *Canvas) Line(class string, x1, y1, x2, y2 float64) {
	c.b.WriteString(`<line class="` + class + `" x1="` + num(x1) + `" y1="` + num(y1) + `" x2="` + num(x2) + `" y2="` + num(y2) + `"/>`)
}

// Rect draws a rectangle with a tooltip, "" for none.
func (c *Canvas) Rect(class string, x, y, width, height float64, tip string) {
	c.b.WriteString(`<rect class="` + class + `" x="` + num(x) + `" y="` + num(y) + `" width="` + num(max(width, 0)) + `" height="` + num(max(height, 0)) + `"`)
	c.tip(tip, "rect")
}

// Circle draws a circle with a tooltip, "" for none.
func (c *Canvas) Circle(class string, x, y, r float64, tip string) {
	c.b.WriteString(`<circle class="` + class + `" cx="` + num(x) + `" cy="` + num(y) + `" r="` + num(r) + `"`)
	c.tip(tip, "circle")
}

// square is the mark of the champion, as the circle is the candidate's.
func (c *Canvas) square(class string, x, y, r float64, tip string) {
	c.Rect(class, x-r, y-r, 2*r, 2*r, tip)
}

func (c *Canvas) tip(tip, element string) {
	if tip == "" {
		c.b.WriteString("/>")
		return
	}
	c.b.WriteString("><title>" + template.HTMLEscapeString(tip) + "</title></" + element + ">")
}

func (c *Canvas) polyline(class string, points []point) {
	c.b.WriteString(`<polyline class="` + class + `" points="`)
	for i, p := range points {
		if i > 0 {
			c.b.WriteByte(' ')
		}
		c.b.WriteString(num(p.X) + "," + num(p.Y))
	}
	c.b.WriteString(`"/>`)
}

// Text writes data or labels; it is the only way for either into a drawing,
// beside titles. Anchor is start, middle or end.
func (c *Canvas) Text(class, anchor string, x, y float64, s string) {
	c.b.WriteString(`<text class="` + class + `" text-anchor="` + anchor + `" x="` + num(x) + `" y="` + num(y) + `">` + template.HTMLEscapeString(s) + `</text>`)
}

// upright writes a label along the y axis.
func (c *Canvas) upright(class string, x, y float64, s string) {
	c.b.WriteString(`<text class="` + class + `" text-anchor="middle" transform="translate(` + num(x) + ` ` + num(y) + `) rotate(-90)">` + template.HTMLEscapeString(s) + `</text>`)
}

// Axis maps values to pixels.
type Axis struct{ From, To, Low, High float64 }

// At is where a value stands.
func (a Axis) At(v float64) float64 {
	if a.High == a.Low {
		return (a.From + a.To) / 2
	}
	return a.From + (a.To-a.From)*(v-a.Low)/(a.High-a.Low)
}

// Clamped is at, kept on the axis.
func (a Axis) Clamped(v float64) float64 {
	return a.At(min(max(v, a.Low), a.High))
}

// NiceStep is the smallest step of 1, 2 or 5 times a power of ten that divides
// the span into at most n parts.
func NiceStep(span float64, n int) float64 {
	if !(span > 0) || math.IsInf(span, 0) {
		return 1
	}
	raw := span / float64(n)
	magnitude := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 5} {
		if f*magnitude >= raw*(1-1e-9) {
			return f * magnitude
		}
	}
	return 10 * magnitude
}

// Ticks are the multiples of a step from low to high.
func Ticks(low, high, step float64) []float64 {
	var out []float64
	for k := math.Ceil(low/step - 1e-9); k*step <= high+step*1e-9 && len(out) < 50; k++ {
		out = append(out, k*step)
	}
	return out
}

// TickLabel prints a tick with as many decimals as its step has.
func TickLabel(v, step float64) string {
	if math.Abs(v) >= 1e6 || step < 1e-6 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if v == 0 || strings.Trim(s, "-0.") == "" {
		return "0"
	}
	return s
}

// clip shortens a label to n characters.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// Decimal prints four decimals, or six digits where a value is large.
func Decimal(v float64) string {
	if v >= 1000 || v <= -1000 || v == float64(int64(v)) && v != 0 && v != 1 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// Thousands prints a count with thin groups: 1,309.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
