// Package ignore reads the comments that take findings back. In goes a source file or a text, out come its ignore comments with the lines
// that each covers.
package ignore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Marker starts an ignore comment: titanicml-ignore: RULE[, RULE] reason="..." [doc="FILE#HEADING"] [until=2027-01-31].
// With MarkerFile it covers the whole file.
const (
	Marker     = "titanicml-ignore:"
	MarkerFile = "titanicml-ignore-file:"
)

// Comment is one parsed ignore comment.
type Comment struct {
	Rules  []string
	Reason string
	Doc    string
	// Until is the last day on which it counts; zero for always.
	Until time.Time
	File  bool
}

// Parse reads the text of a comment; ok is false when it is no ignore comment at all. A malformed one has an error.
func Parse(comment string) (c Comment, ok bool, err error) {
	rest := ""
	if i := strings.Index(comment, MarkerFile); i >= 0 {
		rest, c.File = comment[i+len(MarkerFile):], true
	} else if i := strings.Index(comment, Marker); i >= 0 {
		rest = comment[i+len(Marker):]
	} else {
		return c, false, nil
	}
	rest = strings.TrimSpace(rest)
	rest = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(rest, "*/"), "-->"))
	for rest != "" {
		word, after := rest, ""
		if i := strings.IndexAny(rest, " \t,="); i >= 0 {
			word, after = rest[:i], rest[i:]
		}
		if !strings.HasPrefix(after, "=") {
			if word == "" {
				return c, true, fmt.Errorf("%q is not a rule name", firstRune(rest))
			}
			c.Rules = append(c.Rules, word)
			rest = strings.TrimLeft(after, " \t,")
			continue
		}
		value, left, err := settingValue(after[1:])
		if err != nil {
			return c, true, fmt.Errorf("%s: %w", word, err)
		}
		rest = strings.TrimLeft(left, " \t,")
		switch word {
		case "reason":
			c.Reason = strings.TrimSpace(value)
		case "doc":
			c.Doc = value
		case "until":
			if c.Until, err = time.Parse(time.DateOnly, value); err != nil {
				return c, true, fmt.Errorf("until=%s is not a date like 2027-01-31", value)
			}
		default:
			return c, true, fmt.Errorf("%q is unknown%s", word, match.DidYouMean(word, []string{"reason", "doc", "until"}))
		}
	}
	if len(c.Rules) == 0 {
		return c, true, fmt.Errorf("no rule is named")
	}
	return c, true, nil
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func settingValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		if i := strings.IndexAny(s, " \t,"); i >= 0 {
			return s[:i], s[i:], nil
		}
		return s, "", nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"':
			return b.String(), s[i+1:], nil
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("missing closing quote")
}

// Ignore is a comment in its place.
type Ignore struct {
	Comment
	// Err says what is malformed.
	Err error
	At  hcl.Range
	// From and To are the lines that it covers.
	From, To int
	// Counts is set by whom Problems gives none; Used by whom it hides a finding of a rule from.
	Counts bool
	Used   map[string]bool
}

// File holds the ignore comments of one file.
type File struct {
	Path string
	List []*Ignore
}

// In finds the ignore comments of a source file and what they cover; nil when there is none.
func In(f *module.File) *File {
	if f.JSON || !bytes.Contains(f.Bytes, []byte("titanicml-ignore")) {
		return nil
	}
	out := &File{Path: f.Path}
	tokens, _ := hclsyntax.LexConfig(f.Bytes, f.Path, hcl.InitialPos)
	lines := bytes.Split(f.Bytes, []byte("\n"))
	for _, t := range tokens {
		if t.Type != hclsyntax.TokenComment {
			continue
		}
		parsed, ok, err := Parse(strings.TrimRight(string(t.Bytes), "\r\n"))
		if !ok {
			continue
		}
		ig := &Ignore{Comment: parsed, Err: err, At: t.Range, Used: map[string]bool{}}
		if ig.At.End.Line > ig.At.Start.Line { // the token holds its newline
			ig.At.End = ig.At.Start
			ig.At.End.Column += len(bytes.TrimRight(t.Bytes, "\r\n"))
		}
		if ig.File {
			ig.From, ig.To = 1, len(lines)+1
		} else {
			line := targetLine(lines, t.Range.Start.Line, t.Range.Start.Column, t.Range.End)
			ig.From, ig.To = line, extent(f.Body, line)
		}
		out.List = append(out.List, ig)
	}
	return out
}

// targetLine is the line that a comment speaks of: its own when it trails code, else the next one with code.
func targetLine(lines [][]byte, line, column int, end hcl.Pos) int {
	row := lines[min(line, len(lines))-1]
	if len(bytes.TrimSpace(row[:min(column-1, len(row))])) > 0 {
		return line
	}
	last := end.Line
	if end.Column == 1 && last > line {
		last--
	}
	for i := last; i < len(lines); i++ {
		text := bytes.TrimSpace(lines[i])
		if len(text) > 0 && text[0] != '#' && !bytes.HasPrefix(text, []byte("//")) && !bytes.HasPrefix(text, []byte("/*")) {
			return i + 1
		}
	}
	return last + 1
}

// extent is the last line of what starts on a line: a block, an argument, or an element inside an expression.
func extent(body *hclsyntax.Body, line int) int {
	last := line
	grow := func(r hcl.Range, start int) {
		if start == line && r.End.Line > last {
			last = r.End.Line
		}
	}
	for _, b := range body.Blocks {
		grow(b.CloseBraceRange, b.TypeRange.Start.Line)
		if b.TypeRange.Start.Line <= line && line <= b.CloseBraceRange.End.Line {
			last = max(last, extent(b.Body, line))
		}
	}
	for _, a := range body.Attributes {
		grow(a.SrcRange, a.SrcRange.Start.Line)
		if a.SrcRange.Start.Line > line || a.SrcRange.End.Line < line {
			continue
		}
		_ = hclsyntax.VisitAll(a.Expr, func(n hclsyntax.Node) hcl.Diagnostics {
			switch n := n.(type) {
			case *hclsyntax.ObjectConsExpr:
				for _, it := range n.Items {
					grow(it.ValueExpr.Range(), it.KeyExpr.Range().Start.Line)
				}
			case *hclsyntax.TupleConsExpr:
				for _, e := range n.Exprs {
					grow(e.Range(), e.Range().Start.Line)
				}
			}
			return nil
		})
	}
	return last
}

// InText finds ignore comments in files that are not HCL, such as workflows and documents. A comment covers its own line,
// or, when it stands alone, the next line and the lines indented below it.
func InText(name string, text []byte) *File {
	if !bytes.Contains(text, []byte("titanicml-ignore")) {
		return nil
	}
	out := &File{Path: name}
	lines := bytes.Split(text, []byte("\n"))
	for i, row := range lines {
		start := bytes.Index(row, []byte("titanicml-ignore"))
		if start < 0 {
			continue
		}
		comment := max(bytes.LastIndexByte(row[:start], '#'), bytes.LastIndex(row[:start], []byte("<!--")))
		if comment < 0 {
			continue
		}
		before := bytes.TrimSpace(row[:comment])
		parsed, ok, err := Parse(string(bytes.TrimRight(row[start:], "\r")))
		if !ok {
			continue
		}
		ig := &Ignore{Comment: parsed, Err: err, Used: map[string]bool{}, From: i + 1, To: i + 1}
		ig.At = hcl.Range{Filename: name, Start: hcl.Pos{Line: i + 1, Column: start + 1}, End: hcl.Pos{Line: i + 1, Column: len(row) + 1}}
		switch {
		case ig.File:
			ig.From, ig.To = 1, len(lines)+1
		case len(before) == 0:
			ig.From, ig.To = indented(lines, i+1)
		}
		out.List = append(out.List, ig)
	}
	return out
}

func indented(lines [][]byte, i int) (from, to int) {
	for i < len(lines) && len(bytes.TrimSpace(lines[i])) == 0 {
		i++
	}
	if i >= len(lines) {
		return i, i
	}
	depth := func(l []byte) int { return len(l) - len(bytes.TrimLeft(l, " -\t")) }
	last := i
	for j := i + 1; j < len(lines); j++ {
		if len(bytes.TrimSpace(lines[j])) == 0 {
			continue
		}
		if depth(lines[j]) <= depth(lines[i]) {
			break
		}
		last = j
	}
	return i + 1, last + 1
}

// Covers reports whether the comment counts, names the rule and covers the line.
func (ig *Ignore) Covers(rule string, line int) bool {
	return ig.Counts && ig.From <= line && line <= ig.To && slices.Contains(ig.Rules, rule)
}
