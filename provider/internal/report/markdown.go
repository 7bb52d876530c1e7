package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
)

// Markdown writes a decision for the summary of a CI job, in GitHub's dialect.
func Markdown(w io.Writer, s *Source) error {
	r := s.Record
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s: %s version %d\n\n%s\n\n", emoji(r.Outcome), headline(r), md(r.ModelPackageGroup), r.Version, md(verdict(r)))
	for _, n := range s.Notices {
		fmt.Fprintf(&b, "> **Note:** %s\n\n", md(n))
	}
	b.WriteString("| Verdict | Requirement | Slice | Observed | Interval | Bound |\n|---|---|---|---:|---|---|\n")
	for _, c := range r.Checks {
		word, _, sign := verdictWord(c.Verdict)
		bounds := interval(c)
		if c.Confidence != nil && c.Lower != nil {
			bounds += " (one-sided " + percent(*c.Confidence) + ")"
		}
		name := strings.TrimSpace(strings.Replace(c.Requirement, " "+c.Bound, "", 1))
		fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s | %s |\n", sign, md(word), md(name), md(sliceName(c)), optional(c.Observed), bounds, md(c.Bound))
	}
	b.WriteByte('\n')
	if bad := failing(r.Checks); len(bad) > 0 {
		b.WriteString("Why it was rejected:\n\n")
		for _, c := range bad {
			fmt.Fprintf(&b, "- **%s** on %s: %s\n", md(c.Requirement), md(sliceName(c)), md(c.Reason))
		}
		b.WriteByte('\n')
	}
	markdownQuality(&b, s)
	markdownLineage(&b, s)
	_, err := io.WriteString(w, b.String())
	return err
}

func emoji(o gate.Outcome) string {
	switch o {
	case gate.Approved:
		return "✅"
	case gate.Rejected:
		return "❌"
	}
	return "⏳"
}

// markdownQuality compares the two models, folded away.
func markdownQuality(b *strings.Builder, s *Source) {
	p := &page{}
	p.models(s)
	if len(p.Quality) == 0 {
		return
	}
	fmt.Fprintf(b, "<details><summary>Metrics on the held-out data</summary>\n\n")
	if p.HasChampion {
		b.WriteString("| Metric | Candidate | Champion | Difference |\n|---|---:|---:|---|\n")
	} else {
		b.WriteString("| Metric | Candidate |\n|---|---:|\n")
	}
	for _, q := range p.Quality {
		fmt.Fprintf(b, "| %s | %s |", md(q.Name), q.Candidate)
		if p.HasChampion {
			fmt.Fprintf(b, " %s | %s |", q.Champion, q.Change)
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n</details>\n\n")
}

// markdownLineage lists what the decision rests on, with links where there is a
// console to show it.
func markdownLineage(b *strings.Builder, s *Source) {
	p := &page{}
	p.lineage(s)
	b.WriteString("| Lineage | | |\n|---|---|---|\n")
	for _, step := range p.Lineage {
		fmt.Fprintf(b, "| **%s** | %s | |\n", step.Name, md(step.Title))
		for _, i := range step.Items {
			value := md(i.Value)
			if i.Link != "" {
				value = "[" + value + "](" + i.Link + ")"
			}
			digest := ""
			if i.SHA256 != "" {
				digest = "sha256 " + md(i.SHA256)
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", md(i.Name), value, digest)
		}
	}
	if s.Standing != "" {
		fmt.Fprintf(b, "\nToday the version is %s.\n", md(s.Standing))
	}
}

// escapes are the characters that mean something in GitHub's Markdown or in
// HTML inside it; "@" would notify people.
var escapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;", "\r", " ", "\n", " ",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "~", `\~`, "!", `\!`, "$", `\$`,
	"://", "&#58;//", // else GitHub makes links of data by itself
)

// md is text that Markdown shows as it is.
func md(s string) string { return escapes.Replace(s) }
