package value

import (
	"fmt"
	"strings"
)

// JSONValue is jsonencode(v): a string that remembers the value, so that a rule which decodes it again gets the
// positions and references of the parts, and nobody pays for the text unless it is used.
func JSONValue(v Value, tab *Holes) Value {
	out := Value{kind: String, data: &text{orig: &v, tab: tab}}
	if v.IsKnown() {
		out.flags = deepKnown
	} else {
		out.flags = partial
	}
	return out.Marked(v.Sensitive())
}

// encodeJSON writes a value as jsonencode does, with a bare hole for what is unknown.
func encodeJSON(v Value, tab *Holes) string {
	var b strings.Builder
	writeJSON(&b, v, tab)
	return b.String()
}

func writeJSON(b *strings.Builder, v Value, tab *Holes) {
	if b.Len() > MaxString {
		return
	}
	switch v.kind {
	case Null, Absent:
		b.WriteString("null")
	case Unknown:
		b.WriteString(tab.Put(v))
	case String:
		s, _ := tab.Text(v)
		writeJSONString(b, s)
	case Bool, Number:
		s, ok := v.Str()
		if !ok {
			s = tab.Add(nil)
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
			b.WriteString(tab.Add(v.Refs()))
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
			b.WriteString(tab.Add(v.Refs()))
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
