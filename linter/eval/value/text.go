package value

import (
	"fmt"
	"strings"
)

// Text writes a value for a reader: HCL, with (unknown) for unknown parts and (sensitive) for sensitive ones.
func (v Value) Text() string {
	var b strings.Builder
	v.write(&b, "")
	return b.String()
}

func (v Value) write(b *strings.Builder, indent string) {
	if v.Sensitive() {
		b.WriteString("(sensitive)")
		return
	}
	switch v.kind {
	case Absent:
		b.WriteString("(not set)")
	case Unknown:
		if c := v.Choice(); c != nil && !c.Yes.Sensitive() && !c.No.Sensitive() {
			b.WriteString("(when " + c.Cond.Yes + ": ")
			c.Yes.write(b, indent)
			b.WriteString("; else: ")
			c.No.write(b, indent)
			b.WriteByte(')')
			return
		}
		b.WriteString("(unknown")
		for i, r := range v.Refs() {
			if i == 3 {
				b.WriteString(", ...")
				break
			}
			b.WriteString([]string{": ", ", "}[min(i, 1)] + r.String())
		}
		b.WriteByte(')')
	case Null:
		b.WriteString("null")
	case String:
		s, _ := v.Pattern("(unknown)")
		b.WriteString(quote(s))
	case List:
		b.WriteString("[\n")
		for _, e := range v.Elems() {
			b.WriteString(indent + "  ")
			e.write(b, indent+"  ")
			b.WriteString(",\n")
		}
		if v.Partial() {
			b.WriteString(indent + "  (possibly more)\n")
		}
		b.WriteString(indent + "]")
	case Map:
		b.WriteString("{\n")
		v.Each(func(k string, e Value) {
			fmt.Fprintf(b, "%s  %s = ", indent, k)
			e.write(b, indent+"  ")
			b.WriteByte('\n')
		})
		if v.Partial() {
			b.WriteString(indent + "  (possibly more)\n")
		}
		b.WriteString(indent + "}")
	default:
		s, ok := v.Str()
		if !ok {
			s = "(number out of bounds)"
		}
		b.WriteString(s)
	}
}

// KeySuffix writes an instance key as addresses do: [0], ["a"], and [*] for unknown instances.
func KeySuffix(k Value) string {
	switch k.kind {
	case Absent:
		return ""
	case Number:
		if t, ok := k.Str(); ok {
			return "[" + t + "]"
		}
	case String:
		if t, ok := k.Str(); ok {
			return "[" + quote(t) + "]"
		}
	}
	return "[*]"
}

func quote(t string) string {
	q := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{")
	return `"` + q.Replace(t) + `"`
}

// JoinPath appends steps to the path of a Ref.
func JoinPath(a, b string) string {
	switch {
	case a == "" || b == "" || b[0] == '[':
		return a + b
	}
	return a + "." + b
}
