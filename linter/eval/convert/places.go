package convert

import (
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// places tells where in its file the parts of a text stand.
type places struct {
	whole value.Locator // of a text on one line of the file
	first hcl.Range     // of the first part of a heredoc
	last  int           // line on which the heredoc ends
	lines []heredocLine // from that of the first part
	// directed: a directive or interpolation over several lines, which repeats lines, leaves them out or takes their ends away, so that what
	// follows has no line that can be told.
	directed bool
}

// heredocLine is what a line of a heredoc begins with, up to the first interpolation; no text where it begins with one.
type heredocLine struct {
	start hcl.Pos // behind the indentation that <<- takes away
	text  string
}

// maxColumn bounds how far into a line places are exact: finding one reads the line up to it, and a document may be one line.
const maxColumn = 1000

// placesOf is nil when the text does not stand in a file literally.
func placesOf(src value.Locator) *places {
	t, ok := src.(*hclsyntax.TemplateExpr)
	if !ok || len(t.Parts) == 0 {
		return nil
	}
	p := &places{first: t.Parts[0].Range(), last: t.Range().End.Line}
	if t.Range().Start.Line == p.last {
		p.whole = t
		return p
	}
	indent := p.first.Start.Column - 1
	for i, e := range t.Parts {
		l, ok := e.(*hclsyntax.LiteralValueExpr)
		if !ok {
			if at := e.Range(); at.Start.Line < at.End.Line {
				p.directed = true
				break
			}
			continue
		}
		text, rest, more := strings.Cut(l.Val.AsString(), "\n")
		if i == 0 {
			if blank(text) {
				break // a blank line keeps its indentation and does not tell that of the others
			}
			p.begins(p.first.Start, text)
		}
		for at := l.SrcRange.Start; more; {
			at = hcl.Pos{Line: at.Line + 1, Column: 1, Byte: at.Byte + len(text) + escapes(text) + 1}
			if text, rest, more = strings.Cut(rest, "\n"); !more || !blank(text) {
				at.Column, at.Byte = at.Column+indent, at.Byte+indent
			}
			p.begins(at, text)
		}
	}
	return p
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

// escapes counts the signs that a literal has more in the file: a ${ in its text is written $${.
func escapes(text string) int { return strings.Count(text, "${") + strings.Count(text, "%{") }

func (p *places) begins(at hcl.Pos, text string) {
	for n := at.Line - p.first.Start.Line; len(p.lines) <= n; {
		p.lines = append(p.lines, heredocLine{})
	}
	p.lines[len(p.lines)-1] = heredocLine{at, text}
}

// at is the place of what a line of the text ends with, from a byte of it on: exact where the file has the line up to there, else the
// line, and behind a directive the whole.
func (p *places) at(line int, text string, from int) value.Locator {
	if p.whole != nil {
		return p.whole
	}
	if len(text) <= maxColumn && line < len(p.lines) && p.lines[line].text != "" && strings.HasPrefix(p.lines[line].text, text) {
		after := func(n int) hcl.Pos {
			pos, more := p.lines[line].start, escapes(text[:n])
			pos.Byte, pos.Column = pos.Byte+n+more, pos.Column+utf8.RuneCountInString(text[:n])+more
			return pos
		}
		return value.At(hcl.Range{Filename: p.first.Filename, Start: after(from), End: after(len(text))})
	}
	start := p.first.Start
	if line > 0 && !p.directed {
		start = hcl.Pos{Line: min(start.Line+line, p.last), Column: 1}
	}
	return value.At(hcl.Range{Filename: p.first.Filename, Start: start, End: start})
}
