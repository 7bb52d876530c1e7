// Package secrets recognises secrets in sources. In goes a text or a syntax tree, out come the places that hold one and what it looks like.
// Nothing that it returns holds the secret itself.
package secrets

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Hit is one place that holds a secret. From and To are bytes of the text.
type Hit struct {
	From, To int
	// Kind is what it looks like, such as "a GitHub token"; empty when its name alone tells.
	Kind string
	// Name is what the text is given to: a path of blocks and keys, or a variable of a script.
	Name string
}

// File finds the secrets of a source file: by its syntax, then in comments and in what did not parse. At most one for each line, in the order
// of the file.
func (s *Settings) File(f *module.File) []Hit {
	var hits []Hit
	if f.Body != nil && in(structured, f.Bytes) {
		w := &walker{s: s, text: f.Bytes}
		w.body(f.Body, "", 0)
		hits = w.hits
	}
	return onePerLine(f.Bytes, append(hits, s.Lines(f.Bytes)...))
}

// onePerLine keeps the first hit of each line, and what its form tells if a later one on the line knows it.
func onePerLine(text []byte, hits []Hit) []Hit {
	seen := map[int]int{}
	out := hits[:0]
	for _, h := range hits {
		start := LineStart(text, h.From)
		i, ok := seen[start]
		switch {
		case !ok:
			seen[start] = len(out)
			out = append(out, h)
		case out[i].Kind == "":
			out[i].Kind = h.Kind
		}
	}
	return out
}

// quick are the words of which a text with a secret's name has one; they keep the rest from closer looks. Structured texts may hold secrets
// in another form as well.
var (
	quickWords = []string{"pa|ssw", "pas|sphrase", "|pwd", "_|pass", "s|ecret", "|token", "a|pikey", "ap|i_key", "ap|i-key", "acce|sskey", "acces|s_key", "privat|e_key",
		"priva|tekey", "|credential", "contr|asena", "aut|h_key", "signin|g_key", "encryptio|n_key", "accoun|t_key", "accou|ntkey", "ap|p_key", "share|d_key", "maste|r_key",
		"storag|e_key"}
	quick      = tableOf(quickWords...)
	structured = tableOf(append([]string{"bas|e64", "use|r_data", "custo|m_data", "s|ecurestring"}, quickWords...)...)
)

var (
	// assignment is NAME = "literal", NAME: 'literal', NAME=literal or NAME: literal; the quotes may be escaped.
	assignment = lazy(`([A-Za-z_][A-Za-z0-9_.-]*)(?:\\?["'])?[ \t]*(?:=>|=|:)[ \t]*(?:\\"((?:[^"\\\n]|\\[^"\n])*)\\"|"((?:[^"\\\n]|\\.)*)\\?"|'([^'\n]*)'|([^\s"'#;,&|)\]}]+))`)
	// pair is an element of a list of variables in JSON.
	pair = lazy(`(?i)\\?"(?:name|key)\\?"\s*:\s*\\?"([A-Za-z0-9_.-]+)\\?"\s*,\s*\\?"value\\?"\s*:\s*\\?"((?:[^"\\]|\\[^"])*)\\?"`)
)

var values = tableOf("|value")

// Lines finds tokens, and assignments as scripts write them, line by line in any text.
func (s *Settings) Lines(text []byte) []Hit { return s.lines(text, false) }

// Document finds what Lines finds in a text that is no HCL: a script, a YAML or JSON document.
func (s *Settings) Document(text []byte) []Hit { return onePerLine(text, s.lines(text, true)) }

func (s *Settings) lines(text []byte, document bool) []Hit {
	hits := s.Tokens(text)
	if !in(quick, text) {
		return hits
	}
	if document && in(values, text) {
		for _, m := range pair().FindAllSubmatchIndex(text, 1000) {
			if name := string(text[m[2]:m[3]]); s.Suspicious(name, string(text[m[4]:m[5]])) {
				hits = append(hits, Hit{From: m[4], To: m[5], Name: name})
			}
		}
	}
	for start := 0; start < len(text); {
		end := LineEnd(text, start)
		if in(quick, text[start:end]) {
			hits = s.line(hits, text[start:end], start, document)
		}
		start = end + 1
	}
	return hits
}

func (s *Settings) line(hits []Hit, line []byte, offset int, document bool) []Hit {
	comment := bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#")) || bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("//"))
	for _, m := range assignment().FindAllSubmatchIndex(line, 8) {
		name := string(line[m[2]:m[3]])
		group := 4
		for m[group] < 0 {
			group += 2
		}
		if group == 10 && !bare(line, m, document && !comment) {
			continue
		}
		value := string(line[m[group]:m[group+1]])
		if comment && example().MatchString(value) { // there it explains
			continue
		}
		if s.Suspicious(name, value) {
			hits = append(hits, Hit{From: offset + m[group], To: offset + m[group+1], Name: name})
		}
	}
	return hits
}

// bare reports an unquoted literal that is one: NAME=value of a script and --name=value of a command anywhere, and name: value in a document.
// HCL itself has none.
func bare(line []byte, m []int, document bool) bool {
	before := line[m[10]-1]
	if before == '=' && (m[2] == 0 || line[m[2]-1] != '.') {
		first := line[m[2]]
		return document || 'A' <= first && first <= 'Z' || m[2] > 1 && line[m[2]-1] == '-'
	}
	value := line[m[10]:m[11]]
	rest := bytes.TrimSpace(line[m[11]:])
	if value[0] == '*' || value[0] == '&' { // an alias or anchor of YAML
		return false
	}
	return document && (before == ' ' || before == '\t') && bytes.IndexByte(line[m[3]:m[10]], ':') >= 0 && !bytes.ContainsAny(value, "([{") &&
		(len(rest) == 0 || rest[0] == '#')
}

// walker goes through a syntax tree.
type walker struct {
	s    *Settings
	text []byte
	hits []Hit
}

const maxDepth = 100

func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

func (w *walker) add(r hcl.Range, path, kind string) {
	w.hits = append(w.hits, Hit{From: r.Start.Byte, To: r.End.Byte, Kind: kind, Name: path})
}

func (w *walker) body(b *hclsyntax.Body, path string, depth int) {
	if depth > maxDepth {
		return
	}
	literal := func(name string) string {
		if a := b.Attributes[name]; a != nil {
			s, _ := module.Literal(a.Expr)
			return s
		}
		return ""
	}
	if a := b.Attributes["value"]; a != nil {
		name := literal("name")
		if name == "" {
			name = literal("key")
		}
		if strings.EqualFold(literal("type"), "SecureString") {
			name = "password"
		}
		w.given(name, a.Expr, join(path, "value"))
	}
	if a := b.Attributes["default"]; a != nil { // of a variable, whose name is the last part of its path
		name := path[strings.LastIndexByte(path, '.')+1:]
		w.given(name, a.Expr, path)
	}
	for _, a := range module.SortedAttributes(b) {
		w.expr(a.Name, a.Expr, join(path, a.Name), depth+1)
	}
	for _, inner := range b.Blocks {
		w.body(inner.Body, join(path, Header(inner)), depth+1)
	}
}

// Header is the part of a path that a block is: the address of a resource, the type of others.
func Header(b *hclsyntax.Block) string {
	switch {
	case b.Type == "resource" && len(b.Labels) == 2:
		return b.Labels[0] + "." + b.Labels[1]
	case b.Type == "variable" && len(b.Labels) == 1:
		return "var." + b.Labels[0]
	case b.Type == "locals":
		return "local"
	case b.Type == "dynamic" && len(b.Labels) == 1:
		return b.Labels[0]
	}
	return strings.Join(append([]string{b.Type}, b.Labels...), ".")
}

// Path names the innermost argument or key that a place in a file belongs to, as in aws_lambda_function.x.environment.variables.TOKEN; empty
// outside of blocks.
func Path(b *hclsyntax.Body, at int) string {
	holds := func(r hcl.Range) bool { return r.Start.Byte <= at && at < r.End.Byte }
	for _, a := range b.Attributes {
		if holds(a.SrcRange) {
			return join(a.Name, keyPath(a.Expr, holds))
		}
	}
	for _, inner := range b.Blocks {
		if holds(hcl.RangeBetween(inner.TypeRange, inner.CloseBraceRange)) {
			return join(Header(inner), Path(inner.Body, at))
		}
	}
	return ""
}

func keyPath(e hclsyntax.Expression, holds func(hcl.Range) bool) string {
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		for _, it := range e.Items {
			if holds(it.ValueExpr.Range()) {
				return join(keyOf(it), keyPath(it.ValueExpr, holds))
			}
		}
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			if holds(x.Range()) {
				return keyPath(x, holds)
			}
		}
	case *hclsyntax.FunctionCallExpr:
		for _, x := range e.Args {
			if holds(x.Range()) {
				return keyPath(x, holds)
			}
		}
	}
	return ""
}

// keyOf is an object's literal key, empty for others.
func keyOf(it hclsyntax.ObjectConsItem) string {
	k, ok := it.KeyExpr.(*hclsyntax.ObjectConsKeyExpr)
	if !ok {
		s, _ := module.Literal(it.KeyExpr)
		return s
	}
	if name := hcl.ExprAsKeyword(k.Wrapped); name != "" && !k.ForceNonLiteral {
		return name
	}
	s, _ := module.Literal(k.Wrapped)
	return s
}

// given judges a literal by the name that stands elsewhere: in a block's name argument, in a list's name key.
func (w *walker) given(name string, e hclsyntax.Expression, path string) {
	if value, ok := module.Literal(e); ok && name != "" && w.s.Suspicious(name, value) {
		w.add(e.Range(), path, "")
	}
}

// expr judges what is given to a name, through objects, lists and calls.
func (w *walker) expr(name string, e hclsyntax.Expression, path string, depth int) {
	if depth > maxDepth {
		return
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		w.expr(name, e.Expression, path, depth+1)
	case *hclsyntax.ConditionalExpr:
		w.expr(name, e.TrueResult, path, depth+1)
		w.expr(name, e.FalseResult, path, depth+1)
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			w.expr(name, x, path, depth+1)
		}
	case *hclsyntax.ObjectConsExpr:
		w.object(name, e, path, depth)
	case *hclsyntax.FunctionCallExpr:
		w.call(name, e, path, depth)
	default:
		if value, ok := module.Literal(e); ok {
			w.literal(name, value, e.Range(), path)
		} else if t, ok := e.(*hclsyntax.TemplateExpr); ok {
			w.document(t.Range(), path)
		}
	}
}

// call looks at the arguments of functions that hand them on. In others a text is a key, a path or a pattern.
func (w *walker) call(name string, e *hclsyntax.FunctionCallExpr, path string, depth int) {
	switch e.Name {
	case "jsonencode", "yamlencode", "base64encode", "base64gzip", "sensitive", "nonsensitive", "tostring", "tomap", "tolist", "toset", "merge", "concat", "coalesce", "try",
		"one", "chomp", "trimspace", "format", "join", "urlencode":
		for _, a := range e.Args {
			w.expr(name, a, path, depth+1)
		}
	case "lookup":
		if len(e.Args) == 3 {
			w.expr(name, e.Args[2], path, depth+1)
		}
	case "templatefile":
		if len(e.Args) == 2 {
			w.expr(name, e.Args[1], path, depth+1)
		}
	case "base64decode", "base64gunzip":
		if len(e.Args) == 1 {
			w.expr("base64", e.Args[0], path, depth+1)
		}
	}
}

func (w *walker) object(name string, e *hclsyntax.ObjectConsExpr, path string, depth int) {
	// Of locals.secrets = { db = "..." } the outer name tells.
	outer := ""
	if n := normal(name); classOf(n) != plain && strings.HasSuffix(n, "s") {
		outer = strings.TrimSuffix(n, "s")
	}
	var pairName string
	var pairValue hclsyntax.Expression
	for _, it := range e.Items {
		key := keyOf(it)
		switch strings.ToLower(key) {
		case "name", "key":
			pairName, _ = module.Literal(it.ValueExpr)
		case "value":
			pairValue = it.ValueExpr
		}
		before := len(w.hits)
		w.expr(key, it.ValueExpr, join(path, key), depth+1)
		if n := normal(key); outer != "" && len(w.hits) == before && classOf(n) == plain && !harmless().MatchString("_"+n) && !strings.Contains(n, "user") {
			if v, ok := module.Literal(it.ValueExpr); ok && entropy(v) >= w.s.Entropy && !words().MatchString(v) {
				w.given(outer, it.ValueExpr, join(path, key))
			}
		}
	}
	if pairValue != nil {
		w.given(pairName, pairValue, join(path, pairName))
	}
}

// literal judges a literal by its name, and by what it holds.
func (w *walker) literal(name, value string, at hcl.Range, path string) {
	switch n := normal(name); {
	case w.s.suspicious(n, value, strings.HasPrefix(path, "provider.")):
		w.add(at, path, "")
	case strings.Contains(n, "base64"), strings.Contains(n, "user_data"), strings.Contains(n, "userdata"), strings.Contains(n, "custom_data"):
		if _, ok := decoded(value); ok {
			if h, found := w.s.Script(value); found {
				w.add(at, path+named(h), h.Kind)
			}
			return
		}
		fallthrough
	default:
		if len(value) >= 12 && strings.ContainsAny(value, "=:") {
			w.document(at, path)
		}
	}
}

// document looks at the source of a heredoc or string, where interpolations are still written.
func (w *walker) document(at hcl.Range, path string) {
	if at.Start.Byte >= at.End.Byte || at.End.Byte > len(w.text) {
		return
	}
	text := w.text[at.Start.Byte:at.End.Byte]
	if text[0] == '"' {
		text = bytes.TrimSuffix(text[1:], []byte(`"`))
		at.Start.Byte++
	}
	for _, h := range w.s.Document(text) {
		h.From, h.To = h.From+at.Start.Byte, h.To+at.Start.Byte
		h.Name = path + named(h)
		w.hits = append(w.hits, h)
	}
}

func named(h Hit) string {
	if h.Name == "" {
		return ""
	}
	return " (" + h.Name + ")"
}

// Script finds the first secret of a script or document, which may be in base64.
func (s *Settings) Script(value string) (h Hit, found bool) {
	text, ok := decoded(value)
	if !ok {
		text = []byte(value)
	}
	hits := s.Document(text)
	if len(hits) == 0 {
		return Hit{}, false
	}
	return hits[0], true
}

// decoded is the text behind base64, as user data is given to instances.
func decoded(value string) ([]byte, bool) {
	if len(value) < 24 {
		return nil, false
	}
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	return text, err == nil && utf8.Valid(text)
}
