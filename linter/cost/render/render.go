// Package render writes an estimate as text, JSON or Markdown.
package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost"
)

// Formats are the names that Write takes.
func Formats() []string { return []string{"text", "json", "markdown"} }

// Write renders a report.
func Write(w io.Writer, format string, r *cost.Report) error {
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

// shown is the bill that a report prints: of what will be there, else of what was.
func shown(r *cost.Resource) *cost.Bill {
	if r.After != nil {
		return r.After
	}
	return r.Before
}

func renderText(r *cost.Report) []byte {
	var b bytes.Buffer
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "%s\n", s.Name)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, x := range s.Resources {
			bill := shown(x)
			if bill.Free != "" || len(bill.Lines) == 0 && bill.Unknown == "" {
				continue
			}
			fmt.Fprintf(w, "%s %s\n", x.Sign(), x.Address)
			for _, l := range bill.Lines {
				fmt.Fprintf(w, "    %s\t%s\tx %s\t%s\n", l.Name, l.Quantity.Text(l.Unit), l.UnitPrice(), l.Amount())
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
		fmt.Fprintf(&b, "  monthly: %s -> %s (%s)\n\n", s.Before.Total(), s.After.Total(), s.Change.Signed())
	}
	fmt.Fprintf(&b, "All plans, monthly: %s -> %s (%s)\n", r.Before.Total(), r.After.Total(), r.Change.Signed())
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
func freeTypes(s *cost.Stage) string {
	counts := map[string]int{}
	for _, x := range s.Resources {
		if shown(x).Free != "" {
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
func footnotes(r *cost.Report) []string {
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

func renderMarkdown(r *cost.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Monthly cost: %s\n\n%s → %s\n\n", r.Change.Signed(), r.Before.Total(), r.After.Total())
	b.WriteString("| Stage | Before | After | Change |\n|---|---:|---:|---:|\n")
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(s.Name), s.Before.Total(), s.After.Total(), s.Change.Signed())
	}
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", html(s.Name), s.Change.Signed())
		b.WriteString("|   | Resource | Component | Quantity | Unit price | Monthly |\n|---|---|---|---:|---:|---:|\n")
		for _, x := range s.Resources {
			bill := shown(x)
			for _, l := range bill.Lines {
				fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", x.Sign(), cell(x.Address), cell(l.Name), l.Quantity.Text(l.Unit), cell(l.UnitPrice()), l.Amount())
			}
			if bill.Unknown != "" {
				fmt.Fprintf(&b, "| %s | `%s` | unknown: %s | | | unknown |\n", x.Sign(), cell(x.Address), cell(bill.Unknown))
			}
		}
		for _, x := range s.Resources {
			for _, note := range shown(x).Notes {
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
