// Package report writes a run's result in the formats that people and their tools read. Input: findings and failures, sorted.
// Output: text, compact, json, sarif, junit, checkstyle, github or html on a writer, and the rules' pages. Nothing here shows
// a secret: findings about one carry no source lines.
package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/baseline"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
)

// Link is where a rule's page stands.
const Link = "https://github.com/titanicml/terraform-provider-titanicml/blob/main/docs/rules/"

// Input is what a report shows.
type Input struct {
	Findings  []*linter.Finding
	Failures  []linter.Failure
	Removable []baseline.Entry
	// Rules are all rules, for the formats that describe them.
	Rules   []*linter.Rule
	Version string
	// Color is for the text format.
	Color bool
}

// format writes one format.
type format struct {
	name  string
	write func(*bytes.Buffer, Input) error
}

func formats() []format {
	return []format{
		{"text", text}, {"compact", compact}, {"json", jsonText}, {"sarif", sarif}, {"junit", junit}, {"checkstyle", checkstyle},
		{"github", github}, {"html", html},
	}
}

// Formats lists the names of the formats.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Write writes the report in a format.
func Write(w io.Writer, name string, in Input) error {
	for _, f := range formats() {
		if f.name != name {
			continue
		}
		var b bytes.Buffer
		if err := f.write(&b, in); err != nil {
			return fmt.Errorf("write %s report: %w", name, err)
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return fmt.Errorf("write %s report: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("format %q is unknown%s; formats are %s", name, match.DidYouMean(name, Formats()), strings.Join(Formats(), ", "))
}

func link(r *linter.Rule) string { return Link + r.Name + ".md" }

func place(r hcl.Range) string {
	if r.Filename == "" {
		return "titanicml-lint"
	}
	if r.Start.Line == 0 {
		return r.Filename
	}
	return fmt.Sprintf("%s:%d:%d", r.Filename, r.Start.Line, r.Start.Column)
}

// printable keeps control characters out of terminals and formats: they come from the configuration under review.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < 0x20, r == 0x7F, r >= 0x80 && r < 0xA0, r == 0x2028, r == 0x2029, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, s)
}
