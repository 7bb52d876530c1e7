package gate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// tableWidth keeps the table readable in a terminal and in a log.
const tableWidth = 92

// margin makes Terraform take each line for preformatted text, which it does not
// wrap at the width of the terminal.
const margin = "  "

// Table renders every check, in order, as plain text: one line each, followed
// by the reason where the check did not pass.
func Table(checks []Check) string {
	header := []string{"verdict", "requirement", "slice", "observed", "interval", "bound"}
	limits := []int{15, 32, 18, 9, 18, 10}
	rows := [][]string{header}
	for _, c := range checks {
		// The bound has a column of its own.
		name := strings.Replace(c.Requirement, " "+c.Bound, "", 1)
		rows = append(rows, []string{c.Verdict.word(), name, c.Slice, c.value(), c.interval(), c.Bound})
	}
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = truncate(printable(cell), limits[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for i, row := range rows {
		writeRow(&b, row, widths)
		if i == 0 {
			continue
		}
		c := checks[i-1]
		if c.Verdict != Pass && c.Reason != "" {
			indent := margin + strings.Repeat(" ", widths[0]+2)
			for _, line := range wrap(printable(c.Reason), tableWidth-len(indent)-2) {
				b.WriteString(indent + "  " + line + "\n")
			}
		}
	}
	return b.String()
}

func writeRow(b *strings.Builder, row []string, widths []int) {
	var line strings.Builder
	for i, cell := range row {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i == 3 { // numbers line up on the right
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
		line.WriteString("  ")
	}
	b.WriteString(margin + strings.TrimRight(line.String(), " ") + "\n")
}

func (v Verdict) word() string {
	switch v {
	case Fail:
		return "FAIL"
	case Warning:
		return "WARN"
	case Waiting:
		return "WAIT"
	}
	return string(v)
}

func (c Check) value() string {
	if c.Observed == nil {
		return "-"
	}
	return decimal(*c.Observed)
}

func (c Check) interval() string {
	if c.Lower == nil && c.Upper == nil {
		return "-"
	}
	lower, upper := "-inf", "inf"
	if c.Lower != nil {
		lower = decimal(*c.Lower)
	}
	if c.Upper != nil {
		upper = decimal(*c.Upper)
	}
	return "[" + lower + ", " + upper + "]"
}

// decimal prints four decimals, or six digits where a value is large.
func decimal(v float64) string {
	if v >= 1000 || v <= -1000 || v == float64(int64(v)) && v != 0 && v != 1 {
		return metric.Number(v)
	}
	return fmt.Sprintf("%.4f", v)
}

// printable takes out what would move a terminal's cursor or break a line: slice values come from a file that a job wrote.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func truncate(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "~"
}

// wrap breaks text at spaces; words longer than a line stay whole, as they are
// mostly ARNs and digests to copy.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Summary is one line on the whole decision: "2 of 7 checks fail".
func (d Decision) Summary() string {
	warned := 0
	for _, c := range d.Checks {
		if c.Verdict == Warning {
			warned++
		}
	}
	s := fmt.Sprintf("%d of %d checks fail", d.Failures(), len(d.Checks))
	if warned > 0 {
		s += fmt.Sprintf(", %d warn", warned)
	}
	return s
}
