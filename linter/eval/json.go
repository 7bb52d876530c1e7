package eval

import (
	"errors"
	"fmt"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// jsonValue is jsonencode(v): a string that remembers the value, so that a rule which decodes it again gets the
// positions and references of the parts, and nobody pays for the text unless it is used.
func jsonValue(v Value, tab *holes) Value {
	out := Value{kind: String, data: &text{orig: &v, tab: tab}}
	if v.IsKnown() {
		out.flags = deepKnown
	} else {
		out.flags = partial
	}
	return out.with(v.flags)
}

// JSON decodes a string that holds JSON, such as a policy. Unknown parts of the text become unknown values: inside quotes an
// unknown string, elsewhere an unknown value, and a list or map that has one may have other elements. Positions are
// those of the expression inside jsonencode, or the lines of a heredoc. An unknown string decodes to an unknown value.
func (v Value) JSON() (Value, error) {
	switch v.kind {
	case Unknown, Map, List: // a plan or a wrong type: already decoded
		return v, nil
	case String:
	default:
		return Value{}, fmt.Errorf("a %s is not a JSON text", v.kind)
	}
	var tab *holes
	s := ""
	if t, ok := v.data.(*text); ok {
		if t.orig != nil {
			return t.orig.with(v.flags), nil
		}
		s, tab = t.s, t.tab
	} else {
		s = v.data.(string)
	}
	p := jsonParser{s: s, tab: tab, holes: v.flags&partial != 0, place: placesOf(v.src)}
	out, err := p.document()
	if err != nil {
		return Value{}, err
	}
	return out.with(v.flags), nil
}

// placesOf tells on which line of its file each line of a text stands; nil when the text does not stand there literally.
func placesOf(src Locator) func(line int) Locator {
	t, ok := src.(*hclsyntax.TemplateExpr)
	if !ok || len(t.Parts) == 0 {
		return nil
	}
	start := t.Parts[0].Range()
	if t.Range().Start.Line == t.Range().End.Line {
		return func(int) Locator { return t }
	}
	end := t.Range().End.Line
	return func(line int) Locator {
		r := hcl.Range{Filename: start.Filename, Start: start.Start, End: start.Start}
		if line > 0 {
			n := min(start.Start.Line+line, end)
			r.Start = hcl.Pos{Line: n, Column: 1, Byte: start.Start.Byte}
			r.End = r.Start
		}
		return At(r)
	}
}

const maxJSONDepth = 200

type jsonParser struct {
	s     string
	i     int
	line  int // of s[:lineAt]
	at    int
	depth int
	holes bool
	tab   *holes
	place func(int) Locator
}

var errJSONEnd = errors.New("JSON text ends early")

func (p *jsonParser) document() (Value, error) {
	v, err := p.value()
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.i < len(p.s) {
		if r, _ := p.hole(); r != 0 { // text may follow in an unknown part
			return v, nil
		}
		return Value{}, p.errorf("unexpected text after the value")
	}
	return v, nil
}

func (p *jsonParser) errorf(format string, args ...any) error {
	return fmt.Errorf("JSON line %d: %s", strings.Count(p.s[:min(p.i, len(p.s))], "\n")+1, fmt.Sprintf(format, args...))
}

func (p *jsonParser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

// hole reports the hole at the cursor, zero when there is none.
func (p *jsonParser) hole() (rune, int) {
	if !p.holes || p.i >= len(p.s) || p.s[p.i] < 0xF0 {
		return 0, 0
	}
	if r, n := utf8.DecodeRuneInString(p.s[p.i:]); isHole(r) {
		return r, n
	}
	return 0, 0
}

func (p *jsonParser) located(v Value, from int) Value {
	if p.place == nil {
		return v
	}
	if from < p.at { // a list or object, located after its parts
		p.line -= strings.Count(p.s[from:p.at], "\n")
	} else {
		p.line += strings.Count(p.s[p.at:from], "\n")
	}
	p.at = from
	return v.WithSource(p.place(p.line))
}

func (p *jsonParser) value() (Value, error) {
	p.space()
	if p.i >= len(p.s) {
		return Value{}, errJSONEnd
	}
	if p.depth++; p.depth > maxJSONDepth {
		return Value{}, p.errorf("nests deeper than %d levels", maxJSONDepth)
	}
	defer func() { p.depth-- }()
	from := p.i
	if r, n := p.hole(); r != 0 {
		p.i += n
		return p.located(p.tab.value(string(r)), from), nil
	}
	switch c := p.s[p.i]; {
	case c == '"':
		s, err := p.str()
		if err != nil {
			return Value{}, err
		}
		v := StringValue(s)
		if p.holes {
			v = textValue(s, p.tab)
		}
		return p.located(v, from), nil
	case c == '{':
		return p.object()
	case c == '[':
		return p.list()
	}
	return p.word()
}

func (p *jsonParser) word() (Value, error) {
	from := p.i
	for p.i < len(p.s) && !strings.ContainsRune(" \t\r\n,]}:\"{[", rune(p.s[p.i])) {
		p.i++
	}
	switch w := p.s[from:p.i]; w {
	case "true", "false":
		return p.located(BoolValue(w == "true"), from), nil
	case "null":
		return p.located(NullValue(), from), nil
	default:
		if p.holes && strings.ContainsFunc(w, isHole) {
			return p.located(UnknownValue(p.tab.all(w)...), from), nil
		}
		if len(w) < 400 {
			if f, _, err := big.ParseFloat(w, 10, 512, big.ToNearestEven); err == nil {
				return p.located(NumberValue(f), from), nil
			}
		}
		if len(w) > 20 {
			w = w[:20]
		}
		return Value{}, p.errorf("%q is not a value", w)
	}
}

func (p *jsonParser) list() (Value, error) {
	from := p.i
	p.i++
	var elems []Value
	var refs []Ref
	uncertain := false
	for {
		p.space()
		if p.i >= len(p.s) {
			return Value{}, errJSONEnd
		}
		if p.s[p.i] == ']' {
			p.i++
			break
		}
		if p.s[p.i] == ',' && len(elems) > 0 {
			p.i++
			continue
		}
		r, _ := p.hole()
		v, err := p.value()
		if err != nil {
			return Value{}, err
		}
		if r != 0 {
			uncertain, refs = true, mergeRefs(refs, v.Refs())
		}
		elems = append(elems, v)
	}
	l := ListValue(elems)
	if uncertain {
		l = l.WithPartial(refs...)
	}
	return p.located(l, from), nil
}

func (p *jsonParser) object() (Value, error) {
	from := p.i
	p.i++
	b := newMap(4)
	for {
		p.space()
		if p.i >= len(p.s) {
			return Value{}, errJSONEnd
		}
		if r, n := p.hole(); r != 0 {
			p.i += n
			b.unknown(p.tab.of(r))
			continue
		}
		switch p.s[p.i] {
		case '}':
			p.i++
			return p.located(b.value(), from), nil
		case ',':
			p.i++
			continue
		case '"':
		default:
			return Value{}, p.errorf("a key must be a quoted string")
		}
		k, err := p.str()
		if err != nil {
			return Value{}, err
		}
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			return Value{}, p.errorf("missing : after key")
		}
		p.i++
		v, err := p.value()
		if err != nil {
			return Value{}, err
		}
		if p.holes && strings.ContainsFunc(k, isHole) {
			b.unknown(p.tab.all(k))
		} else {
			b.set(k, v)
		}
	}
}

func (p *jsonParser) str() (string, error) {
	p.i++
	from := p.i
	for p.i < len(p.s) && p.s[p.i] != '"' && p.s[p.i] != '\\' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '"' {
		p.i++
		return p.s[from : p.i-1], nil
	}
	var b strings.Builder
	b.WriteString(p.s[from:p.i])
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		if c == '"' {
			return b.String(), nil
		}
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		if p.i >= len(p.s) {
			break
		}
		c = p.s[p.i]
		p.i++
		if c == 'u' {
			b.WriteRune(p.escape())
		} else if j := strings.IndexByte(`"\/bfnrt`, c); j >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[j])
		} else {
			return "", p.errorf("unknown escape \\%c", c)
		}
	}
	return "", errJSONEnd
}

func (p *jsonParser) escape() rune {
	unit := func() rune {
		if p.i+4 > len(p.s) {
			p.i = len(p.s)
			return utf8.RuneError
		}
		n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 16)
		p.i += 4
		if err != nil {
			return utf8.RuneError
		}
		return rune(n)
	}
	r := unit()
	if utf16.IsSurrogate(r) {
		if strings.HasPrefix(p.s[p.i:], `\u`) {
			p.i += 2
			return utf16.DecodeRune(r, unit())
		}
		return utf8.RuneError
	}
	return r
}

// encodeJSON writes a value as jsonencode does, with a bare hole for what is unknown.
func encodeJSON(v Value, tab *holes) string {
	var b strings.Builder
	writeJSON(&b, v, tab)
	return b.String()
}

func writeJSON(b *strings.Builder, v Value, tab *holes) {
	if b.Len() > maxString {
		return
	}
	switch v.kind {
	case Null, Absent:
		b.WriteString("null")
	case Unknown:
		b.WriteString(tab.put(v))
	case String:
		s, _ := v.holey(tab)
		writeJSONString(b, s)
	case Bool, Number:
		s, ok := v.Str()
		if !ok {
			s = tab.add(nil)
		}
		b.WriteString(s)
	case List:
		b.WriteByte('[')
		for i, e := range v.Elems() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, e, tab)
		}
		if v.flags&partial != 0 {
			if v.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(tab.add(v.Refs()))
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, k := range v.Keys() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONString(b, k)
			b.WriteByte(':')
			writeJSON(b, v.data.(*object).vals[i], tab)
		}
		if v.flags&partial != 0 {
			if v.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(tab.add(v.Refs()))
		}
		b.WriteByte('}')
	}
}

func writeJSONString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == '<' || r == '>' || r == '&' || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// canonical is a text that two values share exactly when they are equal in every known and unknown part.
func canonical(v Value) string {
	var b strings.Builder
	writeCanonical(&b, v)
	return b.String()
}

func writeCanonical(b *strings.Builder, v Value) {
	switch v.kind {
	case Unknown:
		b.WriteByte('?')
		for _, r := range v.Refs() {
			b.WriteString(r.Module + "/" + r.String() + ",")
		}
	case String:
		if t, ok := v.data.(*text); ok && v.flags&partial != 0 {
			b.WriteString(strconv.Quote(t.text()))
			return
		}
		s, _ := v.Str()
		b.WriteString(strconv.Quote(s))
	case List, Map:
		b.WriteByte("[{"[v.kind-List])
		v.Each(func(k string, e Value) {
			if v.kind == Map {
				b.WriteString(strconv.Quote(k) + ":")
			}
			writeCanonical(b, e)
			b.WriteByte(',')
		})
		if v.flags&partial != 0 {
			b.WriteString("...")
		}
		b.WriteByte("]}"[v.kind-List])
	default:
		s, ok := v.Str()
		if !ok {
			s = v.kind.String()
		}
		b.WriteString(s)
	}
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
