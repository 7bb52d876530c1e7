package cost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Formats are the names that Write takes.
func Formats() []string { return []string{"text", "json", "markdown"} }

// Write renders a report.
func Write(w io.Writer, format string, r *Report) error {
	var err error
	switch format {
	case "text":
		_, err = w.Write(renderText(r))
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	case "markdown":
		_, err = io.WriteString(w, renderMarkdown(r))
	default:
		return fmt.Errorf("format %q does not exist; expected %s", format, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
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

// amount shows a sum: "$1.00", "$1.00 to $2.00", "at least $1.00", "unknown".
func (s Sum) amount() string {
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

// signed shows a change: "+$1.00", "-$1.00 to +$2.00", "+$1.00 and 2 unknown".
func (s Sum) signed() string {
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

// total is a sum in a heading; that it starts at nothing is said too.
func (s Sum) total() string {
	if s.Unknown == 0 {
		return s.amount()
	}
	text := fmt.Sprintf("at least %s (%d unknown", Money(s.Low), s.Unknown)
	if high := Money(s.High); high != Money(s.Low) {
		text += "; known ranges reach " + high
	}
	return text + ")"
}

func (q Quantity) text(unit string) string {
	switch {
	case q.Open && q.Low == 0 && q.High == 0:
		return "unknown " + unit
	case q.Open:
		return "at least " + count(q.Low) + " " + unit
	case q.Low != q.High:
		return count(q.Low) + " to " + count(q.High) + " " + unit
	}
	return count(q.Low) + " " + unit
}

func count(n float64) string {
	if n == math.Trunc(n) {
		return grouped(strconv.FormatFloat(n, 'f', -1, 64))
	}
	if n < 1 {
		return strconv.FormatFloat(n, 'g', 3, 64)
	}
	return grouped(strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64))
}

// unitPrice shows what a price buys: "$0.011", "$0.20 per 1,000,000".
func (l Line) unitPrice() string {
	if l.Price == nil {
		return "no price for " + l.Key
	}
	text := "$" + strconv.FormatFloat(l.Price.USD, 'f', -1, 64)
	if l.Per != 1 {
		text += " per " + count(l.Per)
	}
	return text
}

func (l Line) amount() string {
	if l.Monthly.Unknown > 0 && l.Price != nil && l.Usage != "" && l.Monthly.High == 0 {
		return "depends on " + l.Usage
	}
	return l.Monthly.amount()
}

// sign marks what the plan does with the cost of a resource, as Terraform marks what it does with the resource.
func (r *Resource) sign() string {
	switch {
	case r.Action == Create:
		return "+"
	case r.Action == Delete:
		return "-"
	case r.Change != Sum{}:
		return "~"
	}
	return " "
}

// shown is the bill that a report prints: of what will be there, else of what was.
func (r *Resource) shown() *Bill {
	if r.After != nil {
		return r.After
	}
	return r.Before
}

func renderText(r *Report) []byte {
	var b bytes.Buffer
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "%s\n", s.Name)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, x := range s.Resources {
			bill := x.shown()
			if bill.Free != "" || len(bill.Lines) == 0 && bill.Unknown == "" {
				continue
			}
			fmt.Fprintf(w, "%s %s\n", x.sign(), x.Address)
			for _, l := range bill.Lines {
				fmt.Fprintf(w, "    %s\t%s\tx %s\t%s\n", l.Name, l.Quantity.text(l.Unit), l.unitPrice(), l.amount())
			}
			if bill.Unknown != "" {
				fmt.Fprintf(w, "    unknown: %s\n", bill.Unknown)
			}
			for _, note := range bill.Notes {
				fmt.Fprintf(w, "    (%s)\n", note)
			}
		}
		_ = w.Flush() // into memory
		if free := freeTypes(s); free != "" {
			fmt.Fprintf(&b, "  free: %s\n", free)
		}
		fmt.Fprintf(&b, "  monthly: %s -> %s (%s)\n\n", s.Before.total(), s.After.total(), s.Change.signed())
	}
	fmt.Fprintf(&b, "All plans, monthly: %s -> %s (%s)\n", r.Before.total(), r.After.total(), r.Change.signed())
	for _, line := range footnotes(r) {
		fmt.Fprintln(&b, line)
	}
	return trailing(b.Bytes())
}

// trailing removes the blanks that end lines of a table.
func trailing(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}

// freeTypes counts the resources that cost nothing, by type.
func freeTypes(s *Stage) string {
	counts := map[string]int{}
	for _, x := range s.Resources {
		if x.shown().Free != "" {
			counts[x.Type]++
		}
	}
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		text := kind
		if counts[kind] > 1 {
			text += fmt.Sprintf(" (%d)", counts[kind])
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// footnotes say what the figures rest on.
func footnotes(r *Report) []string {
	dates := map[string][2]string{}
	for _, p := range r.Prices {
		d, ok := dates[p.Table]
		if !ok {
			d = [2]string{p.Date, p.Date}
		}
		dates[p.Table] = [2]string{min(d[0], p.Date), max(d[1], p.Date)}
	}
	var tables []string
	for _, name := range slices.Sorted(maps.Keys(dates)) {
		d := dates[name]
		text := name + " of " + d[0]
		if d[0] != d[1] {
			text += " to " + d[1]
		}
		tables = append(tables, text)
	}
	lines := []string{fmt.Sprintf("%d hours a month, on demand, before taxes, discounts and free tiers. Data transfer between regions and to the internet is not estimated.",
		r.HoursPerMonth)}
	if len(tables) > 0 {
		lines = append(lines, "Prices: "+strings.Join(tables, "; ")+".")
	}
	if r.After.Unknown > 0 || r.Before.Unknown > 0 {
		lines = append(lines, "Unknown is not nothing: --usage FILE says what is used, --prices FILE or --aws-prices what it costs.")
	}
	return lines
}

func renderMarkdown(r *Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Monthly cost: %s\n\n%s → %s\n\n", r.Change.signed(), r.Before.total(), r.After.total())
	b.WriteString("| Stage | Before | After | Change |\n|---|---:|---:|---:|\n")
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(s.Name), s.Before.total(), s.After.total(), s.Change.signed())
	}
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", html(s.Name), s.Change.signed())
		b.WriteString("|   | Resource | Component | Quantity | Unit price | Monthly |\n|---|---|---|---:|---:|---:|\n")
		for _, x := range s.Resources {
			bill := x.shown()
			for _, l := range bill.Lines {
				fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", x.sign(), cell(x.Address), cell(l.Name), l.Quantity.text(l.Unit), cell(l.unitPrice()), l.amount())
			}
			if bill.Unknown != "" {
				fmt.Fprintf(&b, "| %s | `%s` | unknown: %s | | | unknown |\n", x.sign(), cell(x.Address), cell(bill.Unknown))
			}
		}
		for _, x := range s.Resources {
			for _, note := range x.shown().Notes {
				fmt.Fprintf(&b, "\n- `%s`: %s", cell(x.Address), cell(note))
			}
		}
		if free := freeTypes(s); free != "" {
			fmt.Fprintf(&b, "\n\nFree: %s.", free)
		}
		b.WriteString("\n\n</details>\n")
	}
	b.WriteByte('\n')
	for _, line := range footnotes(r) {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// cell keeps a text within a cell of a table and within code marks.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "`", "'", "\n", " ", "\r", " ").Replace(text)
}

func html(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ").Replace(text)
}
