package convert

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// ParseJSON decodes a string that holds JSON, such as a policy. Unknown parts of the text become unknown values: inside quotes an
// unknown string, elsewhere an unknown value, and a list or map that has one may have other elements. Positions are
// those of the expression inside jsonencode, or the lines of a heredoc. An unknown string decodes to an unknown value.
func ParseJSON(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Unknown, value.Map, value.List: // a plan or a wrong type: already decoded
		return v, nil
	case value.String:
	default:
		return value.Value{}, fmt.Errorf("a %s is not a JSON text", v.Kind())
	}
	if of, ok := v.Encoded(); ok {
		return of.Marked(v.Sensitive()), nil
	}
	s, tab := v.Literal()
	p := jsonParser{s: s, tab: tab, holes: v.Partial(), place: placesOf(v.Source())}
	out, err := p.document()
	if err != nil {
		return value.Value{}, err
	}
	return out.Marked(v.Sensitive()), nil
}

const maxJSONDepth = 200

type jsonParser struct {
	s     string
	i     int
	line  int // of s[:at]
	begin int // of that line
	at    int
	depth int
	holes bool
	tab   *value.Holes
	place *places
}

var errJSONEnd = errors.New("JSON text ends early")

func (p *jsonParser) document() (value.Value, error) {
	v, err := p.value()
	if err != nil {
		return value.Value{}, err
	}
	p.space()
	if p.i < len(p.s) {
		if r, _ := p.hole(); r != 0 { // text may follow in an unknown part
			return v, nil
		}
		return value.Value{}, p.errorf("unexpected text after the value")
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
	if r, n := utf8.DecodeRuneInString(p.s[p.i:]); value.IsHole(r) {
		return r, n
	}
	return 0, 0
}

// located gives a value that was just read its place: that of its text, of a string without the quotes, and of a list or object its bracket.
func (p *jsonParser) located(v value.Value, from int) value.Value {
	if p.place == nil {
		return v
	}
	if from < p.at { // a list or object, located after its parts
		if n := strings.Count(p.s[from:p.at], "\n"); n > 0 {
			p.line, p.begin = p.line-n, strings.LastIndexByte(p.s[:from], '\n')+1
		}
	} else if n := strings.Count(p.s[p.at:from], "\n"); n > 0 {
		p.line, p.begin = p.line+n, strings.LastIndexByte(p.s[:from], '\n')+1
	}
	p.at = from
	to := p.i
	switch p.s[from] {
	case '"':
		from, to = from+1, to-1
	case '{', '[':
		to = from + 1
	}
	return v.WithSource(p.place.at(p.line, p.s[p.begin:to], from-p.begin))
}

func (p *jsonParser) value() (value.Value, error) {
	p.space()
	if p.i >= len(p.s) {
		return value.Value{}, errJSONEnd
	}
	if p.depth++; p.depth > maxJSONDepth {
		return value.Value{}, p.errorf("nests deeper than %d levels", maxJSONDepth)
	}
	defer func() { p.depth-- }()
	from := p.i
	if r, n := p.hole(); r != 0 {
		p.i += n
		return p.located(p.tab.Value(string(r)), from), nil
	}
	switch c := p.s[p.i]; {
	case c == '"':
		s, err := p.str()
		if err != nil {
			return value.Value{}, err
		}
		v := value.StringValue(s)
		if p.holes {
			v = value.TextValue(s, p.tab)
		}
		return p.located(v, from), nil
	case c == '{':
		return p.object()
	case c == '[':
		return p.list()
	}
	return p.word()
}

func (p *jsonParser) word() (value.Value, error) {
	from := p.i
	for p.i < len(p.s) && !strings.ContainsRune(" \t\r\n,]}:\"{[", rune(p.s[p.i])) {
		p.i++
	}
	switch w := p.s[from:p.i]; w {
	case "true", "false":
		return p.located(value.BoolValue(w == "true"), from), nil
	case "null":
		return p.located(value.NullValue(), from), nil
	default:
		if p.holes && strings.ContainsFunc(w, value.IsHole) {
			return p.located(value.UnknownValue(p.tab.All(w)...), from), nil
		}
		if len(w) < 400 {
			if f, _, err := big.ParseFloat(w, 10, 512, big.ToNearestEven); err == nil {
				return p.located(value.NumberValue(f), from), nil
			}
		}
		if len(w) > 20 {
			w = w[:20]
		}
		return value.Value{}, p.errorf("%q is not a value", w)
	}
}

func (p *jsonParser) list() (value.Value, error) {
	from := p.i
	p.i++
	var elems []value.Value
	var refs []value.Ref
	uncertain := false
	for {
		p.space()
		if p.i >= len(p.s) {
			return value.Value{}, errJSONEnd
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
			return value.Value{}, err
		}
		if r != 0 {
			uncertain, refs = true, value.MergeRefs(refs, v.Refs())
		}
		elems = append(elems, v)
	}
	l := value.ListValue(elems)
	if uncertain {
		l = l.WithPartial(refs...)
	}
	return p.located(l, from), nil
}

func (p *jsonParser) object() (value.Value, error) {
	from := p.i
	p.i++
	b := value.NewMap(4)
	for {
		p.space()
		if p.i >= len(p.s) {
			return value.Value{}, errJSONEnd
		}
		if r, n := p.hole(); r != 0 {
			p.i += n
			b.Unknown(p.tab.Of(r))
			continue
		}
		switch p.s[p.i] {
		case '}':
			p.i++
			return p.located(b.Value(), from), nil
		case ',':
			p.i++
			continue
		case '"':
		default:
			return value.Value{}, p.errorf("a key must be a quoted string")
		}
		k, err := p.str()
		if err != nil {
			return value.Value{}, err
		}
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			return value.Value{}, p.errorf("missing : after key")
		}
		p.i++
		v, err := p.value()
		if err != nil {
			return value.Value{}, err
		}
		if p.holes && strings.ContainsFunc(k, value.IsHole) {
			b.Unknown(p.tab.All(k))
		} else {
			b.Set(k, v)
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
