package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/linter"
)

type palette struct{ red, yellow, blue, dim, bold, off string }

func colors(on bool) palette {
	if !on {
		return palette{}
	}
	return palette{"\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[2m", "\x1b[1m", "\x1b[0m"}
}

func (p palette) of(s linter.Severity) string {
	switch s {
	case linter.Error:
		return p.red
	case linter.Warning:
		return p.yellow
	}
	return p.blue
}

func text(b *bytes.Buffer, in Input) error {
	c := colors(in.Color)
	for _, f := range in.Failures {
		fmt.Fprintf(b, "%sfailure%s: %s\n  at %s\n\n", c.red+c.bold, c.off, printable(f.Message), place(f.Range))
	}
	for _, f := range in.Findings {
		fmt.Fprintf(b, "%s%s%s: %s %s(%s)%s\n", c.of(f.Severity)+c.bold, f.Severity, c.off, printable(f.Message), c.dim, f.Rule.Name, c.off)
		fmt.Fprintf(b, "  at %s\n", place(f.Range))
		snippetText(b, f, c)
		for _, r := range f.Callers {
			fmt.Fprintf(b, "  %scalled at %s%s\n", c.dim, place(r), c.off)
		}
		b.WriteByte('\n')
	}
	for _, e := range in.Removable {
		fmt.Fprintf(b, "%sbaseline%s: %s is repaired; remove it with --write-baseline (%s)\n", c.blue, c.off, printable(e.Message), e.Rule)
	}
	summary(b, in, c)
	return nil
}

func snippetText(b *bytes.Buffer, f *linter.Finding, c palette) {
	width := len(fmt.Sprint(f.Range.Start.Line + len(f.Snippet)))
	for i, row := range f.Snippet {
		line := f.Range.Start.Line + i
		fmt.Fprintf(b, "  %s%*d |%s %s\n", c.dim, width, line, c.off, printable(row))
		from, to := 1, utf8.RuneCountInString(row)+1
		if i == 0 {
			from = f.Range.Start.Column
		} else {
			from += len(row) - len(strings.TrimLeft(row, " \t"))
		}
		if line == f.Range.End.Line {
			to = f.Range.End.Column
		}
		if from < 1 || from > utf8.RuneCountInString(row)+1 {
			continue
		}
		to = min(to, utf8.RuneCountInString(row)+1)
		fmt.Fprintf(b, "  %s%*s |%s %s%s%s%s\n", c.dim, width, "", c.off, strings.Repeat(" ", from-1), c.of(f.Severity), strings.Repeat("^", max(to-from, 1)), c.off)
	}
}

func summary(b *bytes.Buffer, in Input, c palette) {
	if len(in.Findings) == 0 && len(in.Failures) == 0 {
		return
	}
	count := map[linter.Severity]int{}
	for _, f := range in.Findings {
		count[f.Severity]++
	}
	var parts []string
	for _, s := range []linter.Severity{linter.Error, linter.Warning, linter.Notice} {
		if n := count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s%s", n, s, plural(n)))
		}
	}
	if n := len(in.Failures); n > 0 {
		parts = append(parts, fmt.Sprintf("%d failure%s", n, plural(n)))
	}
	fmt.Fprintf(b, "%s%s%s\n", c.bold, strings.Join(parts, ", "), c.off)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func compact(b *bytes.Buffer, in Input) error {
	for _, f := range in.Failures {
		fmt.Fprintf(b, "%s: failure: %s\n", place(f.Range), printable(f.Message))
	}
	for _, f := range in.Findings {
		fmt.Fprintf(b, "%s: %s: %s (%s)\n", place(f.Range), f.Severity, printable(f.Message), f.Rule.Name)
	}
	return nil
}

// github writes workflow commands, which GitHub shows as annotations on the pull request.
func github(b *bytes.Buffer, in Input) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range in.Failures {
		fmt.Fprintf(b, "::error file=%s,line=%d,col=%d,title=titanicml-lint::%s\n", property.Replace(f.Range.Filename), max(f.Range.Start.Line, 1),
			max(f.Range.Start.Column, 1), data.Replace(printable(f.Message)))
	}
	for _, f := range in.Findings {
		fmt.Fprintf(b, "::%s file=%s,line=%d,endLine=%d,col=%d,endColumn=%d,title=%s::%s\n", f.Severity, property.Replace(f.Range.Filename),
			f.Range.Start.Line, max(f.Range.End.Line, f.Range.Start.Line), f.Range.Start.Column, max(f.Range.End.Column, 1), f.Rule.Name, data.Replace(printable(f.Message)))
	}
	return nil
}
