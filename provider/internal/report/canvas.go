package report

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// canvas gathers one SVG element. Colours come from the page's style sheet by
// class, so that a chart follows the reader's theme.
type canvas struct {
	b             strings.Builder
	width, height float64
}

// newCanvas starts a drawing that screen readers announce by its title and
// description. The id must be unique on the page.
func newCanvas(id string, width, height float64, title, description string) *canvas {
	c := &canvas{width: width, height: height}
	c.b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ` + num(width) + ` ` + num(height) +
		`" aria-labelledby="` + id + `-t ` + id + `-d"><title id="` + id + `-t">` + template.HTMLEscapeString(title) +
		`</title><desc id="` + id + `-d">` + template.HTMLEscapeString(description) + `</desc>`)
	return c
}

// markup ends the drawing.
func (c *canvas) markup() template.HTML {
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

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.b.WriteString(`<line class="` + class + `" x1="` + num(x1) + `" y1="` + num(y1) + `" x2="` + num(x2) + `" y2="` + num(y2) + `"/>`)
}

// rect draws a rectangle with a tooltip, "" for none.
func (c *canvas) rect(class string, x, y, width, height float64, tip string) {
	c.b.WriteString(`<rect class="` + class + `" x="` + num(x) + `" y="` + num(y) + `" width="` + num(max(width, 0)) + `" height="` + num(max(height, 0)) + `"`)
	c.tip(tip, "rect")
}

func (c *canvas) circle(class string, x, y, r float64, tip string) {
	c.b.WriteString(`<circle class="` + class + `" cx="` + num(x) + `" cy="` + num(y) + `" r="` + num(r) + `"`)
	c.tip(tip, "circle")
}

// square is the mark of the champion, as the circle is the candidate's.
func (c *canvas) square(class string, x, y, r float64, tip string) {
	c.rect(class, x-r, y-r, 2*r, 2*r, tip)
}

func (c *canvas) tip(tip, element string) {
	if tip == "" {
		c.b.WriteString("/>")
		return
	}
	c.b.WriteString("><title>" + template.HTMLEscapeString(tip) + "</title></" + element + ">")
}

func (c *canvas) polyline(class string, points []point) {
	c.b.WriteString(`<polyline class="` + class + `" points="`)
	for i, p := range points {
		if i > 0 {
			c.b.WriteByte(' ')
		}
		c.b.WriteString(num(p.X) + "," + num(p.Y))
	}
	c.b.WriteString(`"/>`)
}

// text writes data or labels; it is the only way for either into a drawing,
// beside titles. Anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	c.b.WriteString(`<text class="` + class + `" text-anchor="` + anchor + `" x="` + num(x) + `" y="` + num(y) + `">` + template.HTMLEscapeString(s) + `</text>`)
}

// upright writes a label along the y axis.
func (c *canvas) upright(class string, x, y float64, s string) {
	c.b.WriteString(`<text class="` + class + `" text-anchor="middle" transform="translate(` + num(x) + ` ` + num(y) + `) rotate(-90)">` + template.HTMLEscapeString(s) + `</text>`)
}

// axis maps values to pixels.
type axis struct{ from, to, low, high float64 }

func (a axis) at(v float64) float64 {
	if a.high == a.low {
		return (a.from + a.to) / 2
	}
	return a.from + (a.to-a.from)*(v-a.low)/(a.high-a.low)
}

// clamped is at, kept on the axis.
func (a axis) clamped(v float64) float64 {
	return a.at(min(max(v, a.low), a.high))
}

// niceStep is the smallest step of 1, 2 or 5 times a power of ten that divides
// the span into at most n parts.
func niceStep(span float64, n int) float64 {
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

// ticks are the multiples of a step from low to high.
func ticks(low, high, step float64) []float64 {
	var out []float64
	for k := math.Ceil(low/step - 1e-9); k*step <= high+step*1e-9 && len(out) < 50; k++ {
		out = append(out, k*step)
	}
	return out
}

// tickLabel prints a tick with as many decimals as its step has.
func tickLabel(v, step float64) string {
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
