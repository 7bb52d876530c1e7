package linter

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Marker starts an ignore comment: titanicml-ignore: RULE[, RULE] reason="..." [doc="FILE#HEADING"] [until=2027-01-31].
// With MarkerFile it covers the whole file.
const (
	Marker     = "titanicml-ignore:"
	MarkerFile = "titanicml-ignore-file:"
)

// Ignore is one parsed ignore comment.
type Ignore struct {
	Rules  []string
	Reason string
	Doc    string
	// Until is the last day on which it counts; zero for always.
	Until time.Time
	File  bool
}

// ParseIgnore reads the text of a comment; ok is false when it is no ignore comment at all. A malformed one has an error.
func ParseIgnore(comment string) (ig Ignore, ok bool, err error) {
	rest := ""
	if i := strings.Index(comment, MarkerFile); i >= 0 {
		rest, ig.File = comment[i+len(MarkerFile):], true
	} else if i := strings.Index(comment, Marker); i >= 0 {
		rest = comment[i+len(Marker):]
	} else {
		return ig, false, nil
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
				return ig, true, fmt.Errorf("%q is not a rule name", firstRune(rest))
			}
			ig.Rules = append(ig.Rules, word)
			rest = strings.TrimLeft(after, " \t,")
			continue
		}
		value, left, err := ignoreValue(after[1:])
		if err != nil {
			return ig, true, fmt.Errorf("%s: %w", word, err)
		}
		rest = strings.TrimLeft(left, " \t,")
		switch word {
		case "reason":
			ig.Reason = strings.TrimSpace(value)
		case "doc":
			ig.Doc = value
		case "until":
			if ig.Until, err = time.Parse(time.DateOnly, value); err != nil {
				return ig, true, fmt.Errorf("until=%s is not a date like 2027-01-31", value)
			}
		default:
			return ig, true, fmt.Errorf("%q is unknown%s", word, DidYouMean(word, []string{"reason", "doc", "until"}))
		}
	}
	if len(ig.Rules) == 0 {
		return ig, true, fmt.Errorf("no rule is named")
	}
	return ig, true, nil
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func ignoreValue(s string) (value, rest string, err error) {
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

// ignore is a comment in its place.
type ignore struct {
	Ignore
	err      error
	at       hcl.Range
	from, to int // lines covered
	counts   bool
	used     map[string]bool
}

// fileIgnores are the ignore comments of one file.
type fileIgnores struct {
	path string
	list []*ignore
}

// ignoresIn finds the ignore comments of a source file and what they cover; nil when there is none.
func ignoresIn(f *module.File) *fileIgnores {
	if f.JSON || !bytes.Contains(f.Bytes, []byte("titanicml-ignore")) {
		return nil
	}
	out := &fileIgnores{path: f.Path}
	tokens, _ := hclsyntax.LexConfig(f.Bytes, f.Path, hcl.InitialPos)
	lines := bytes.Split(f.Bytes, []byte("\n"))
	for _, t := range tokens {
		if t.Type != hclsyntax.TokenComment {
			continue
		}
		parsed, ok, err := ParseIgnore(strings.TrimRight(string(t.Bytes), "\r\n"))
		if !ok {
			continue
		}
		ig := &ignore{Ignore: parsed, err: err, at: t.Range, used: map[string]bool{}}
		if ig.at.End.Line > ig.at.Start.Line { // the token holds its newline
			ig.at.End = ig.at.Start
			ig.at.End.Column += len(bytes.TrimRight(t.Bytes, "\r\n"))
		}
		if ig.File {
			ig.from, ig.to = 1, len(lines)+1
		} else {
			line := targetLine(lines, t.Range.Start.Line, t.Range.Start.Column, t.Range.End)
			ig.from, ig.to = line, extent(f.Body, line)
		}
		out.list = append(out.list, ig)
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

// ignoresInText finds ignore comments in files that are not HCL, such as workflows and documents. A comment covers its own line,
// or, when it stands alone, the next line and the lines indented below it.
func ignoresInText(name string, text []byte) *fileIgnores {
	if !bytes.Contains(text, []byte("titanicml-ignore")) {
		return nil
	}
	out := &fileIgnores{path: name}
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
		parsed, ok, err := ParseIgnore(string(bytes.TrimRight(row[start:], "\r")))
		if !ok {
			continue
		}
		ig := &ignore{Ignore: parsed, err: err, used: map[string]bool{}, from: i + 1, to: i + 1}
		ig.at = hcl.Range{Filename: name, Start: hcl.Pos{Line: i + 1, Column: start + 1}, End: hcl.Pos{Line: i + 1, Column: len(row) + 1}}
		switch {
		case ig.File:
			ig.from, ig.to = 1, len(lines)+1
		case len(before) == 0:
			ig.from, ig.to = indented(lines, i+1)
		}
		out.list = append(out.list, ig)
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

func (ig *ignore) covers(rule string, line int) bool {
	return ig.counts && ig.from <= line && line <= ig.to && slices.Contains(ig.Rules, rule)
}

// applyIgnores drops the findings that valid ignores cover, and adds findings about ignores that are wrong or match nothing.
func (r *run) applyIgnores(findings []*Finding) []*Finding {
	r.findTextIgnores(findings)
	invalid, unused := r.rule("ignore_invalid"), r.rule("ignore_unused")
	var about []*Finding
	for _, name := range sortedKeys(r.ignores) {
		for _, ig := range r.ignores[name].list {
			problems := r.judge(ig, name)
			ig.counts = len(problems) == 0
			for _, p := range problems {
				about = r.aboutIgnore(about, invalid, ig, p)
			}
		}
	}
	kept := findings[:0]
	for _, f := range findings {
		if !r.ignored(f) {
			kept = append(kept, f)
		}
	}
	for _, name := range sortedKeys(r.ignores) {
		if !r.within(name) {
			continue // a called module outside the run's directories: another caller may need the ignore
		}
		for _, ig := range r.ignores[name].list {
			for _, rule := range ig.Rules {
				if ig.counts && !ig.used[rule] && r.ran(rule, name) {
					about = r.aboutIgnore(about, unused, ig, fmt.Sprintf("ignore of %s matches no finding; remove it", rule))
				}
			}
		}
	}
	return append(kept, about...)
}

func (r *run) ignored(f *Finding) bool {
	places := append([]hcl.Range{f.Range}, f.Callers...)
	hit := false
	for _, at := range places {
		if fi := r.ignores[at.Filename]; fi != nil {
			for _, ig := range fi.list {
				if ig.covers(f.Rule.Name, at.Start.Line) {
					ig.used[f.Rule.Name] = true
					hit = true
				}
			}
		}
	}
	return hit
}

func (r *run) rule(name string) *Rule {
	i := slices.IndexFunc(r.o.Rules, func(x *Rule) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return r.o.Rules[i]
}

func (r *run) ran(name, file string) bool {
	rule := r.rule(name)
	return rule != nil && r.configs.runs(rule, r.configs.of(path.Dir(file)).rules[name])
}

func (r *run) within(file string) bool {
	for _, d := range r.o.Dirs {
		d = path.Clean(d)
		if path.Dir(file) == d || r.o.Recursive && (d == "." || strings.HasPrefix(file, d+"/")) {
			return true
		}
	}
	return false
}

func (r *run) aboutIgnore(to []*Finding, rule *Rule, ig *ignore, msg string) []*Finding {
	if rule == nil {
		return to
	}
	s := r.configs.of(path.Dir(ig.at.Filename)).rules[rule.Name]
	if !r.configs.runs(rule, s) || s.excludes("", "", ig.at.Filename) {
		return to
	}
	return append(to, &Finding{Rule: rule, Severity: s.severity, Message: msg, Range: ig.at})
}

// judge says why an ignore does not count; nothing when it does.
func (r *run) judge(ig *ignore, file string) []string {
	if ig.err != nil {
		return []string{"ignore comment is malformed: " + ig.err.Error()}
	}
	var out []string
	names := make([]string, len(r.o.Rules))
	documented := false
	for i, rule := range r.o.Rules {
		names[i] = rule.Name
		documented = documented || rule.Documented && slices.Contains(ig.Rules, rule.Name)
	}
	for _, n := range ig.Rules {
		if !slices.Contains(names, n) {
			out = append(out, fmt.Sprintf("ignore names the rule %q, which does not exist%s", n, DidYouMean(n, names)))
		}
	}
	list := strings.Join(ig.Rules, ", ")
	if ig.Reason == "" {
		out = append(out, fmt.Sprintf("ignore of %s gives no reason and does not count; add reason=\"...\"", list))
	}
	if !ig.Until.IsZero() && r.o.Now.After(ig.Until.AddDate(0, 0, 1)) {
		out = append(out, fmt.Sprintf("ignore of %s expired on %s and does not count; repair the finding or decide again", list, ig.Until.Format(time.DateOnly)))
	}
	switch {
	case documented && ig.Doc == "":
		out = append(out, fmt.Sprintf("ignore of %s names no document and does not count; add doc=\"docs/FILE.md#heading\"", list))
	case ig.Doc != "":
		if err := r.docExists(ig.Doc, path.Dir(file)); err != nil {
			out = append(out, fmt.Sprintf("ignore of %s: %v; it does not count", list, err))
		}
	}
	return out
}

// docExists looks for a document from the root directory and from the directory of the file that names it.
func (r *run) docExists(doc, dir string) error {
	name, heading, _ := strings.Cut(doc, "#")
	text, err := r.files.ReadFile(path.Join(r.o.Files.Root(), name), module.MaxText)
	if err != nil {
		if text, err = r.files.ReadFile(path.Join(dir, name), module.MaxText); err != nil {
			return fmt.Errorf("doc %q does not exist", name)
		}
	}
	if heading == "" {
		return nil
	}
	for _, line := range strings.Split(string(text), "\n") {
		if h := strings.TrimLeft(line, "#"); h != line && Slug(h) == strings.ToLower(heading) {
			return nil
		}
		if strings.Contains(line, `id="`+heading+`"`) || strings.Contains(line, `name="`+heading+`"`) {
			return nil
		}
	}
	return fmt.Errorf("doc %q has no heading %q", name, heading)
}

// Slug is the anchor that GitHub gives a Markdown heading.
func Slug(heading string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case c == ' ' || c == '-':
			b.WriteByte('-')
		case c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c > 127:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// findTextIgnores scans the files with findings that were not parsed as HCL.
func (r *run) findTextIgnores(findings []*Finding) {
	done := map[string]bool{}
	for _, f := range findings {
		name := f.Range.Filename
		source, _ := module.SourceName(path.Base(name))
		if source || done[name] || name == "" {
			continue
		}
		done[name] = true
		if text, err := r.files.ReadFile(name, module.MaxText); err == nil {
			if ig := ignoresInText(name, text); ig != nil {
				r.ignores[name] = ig
			}
		}
	}
}
