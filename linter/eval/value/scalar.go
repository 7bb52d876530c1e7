package value

import (
	"math/big"
	"strconv"
	"strings"
)

// text is a string with holes, or the JSON text of a value: then it is written only when somebody asks for it.
type text struct {
	s    string
	tab  *Holes
	orig *Value
}

// TextValue makes a string that may contain holes; a string of nothing but holes is plainly unknown.
func TextValue(s string, tab *Holes) Value {
	only, any := true, false
	for _, r := range s {
		if IsHole(r) {
			any = true
		} else {
			only = false
		}
	}
	switch {
	case !any:
		return StringValue(s)
	case only:
		return tab.Value(s)
	}
	return Value{kind: String, flags: partial, data: &text{s: s, tab: tab}}
}

func (t *text) text() string {
	if t.s == "" && t.orig != nil {
		t.s = encodeJSON(*t.orig, t.tab)
	}
	return t.s
}

// Str returns a wholly known string; numbers and booleans are converted as Terraform converts them.
func (v Value) Str() (string, bool) {
	switch v.kind {
	case String:
		if t, ok := v.data.(*text); ok {
			if v.flags&partial != 0 {
				return "", false
			}
			return t.text(), true
		}
		return v.data.(string), true
	case Bool:
		return strconv.FormatBool(v.data.(bool)), true
	case Number:
		return numberText(v.data.(*big.Float))
	}
	return "", false
}

// maxExponent bounds the numbers that are ever written out: 1e999999999 is nine bytes of source and a gigabyte of text.
const maxExponent = 4096

func numberText(f *big.Float) (string, bool) {
	if e := f.MantExp(nil); f.IsInf() || e > maxExponent || e < -maxExponent {
		return "", false
	}
	return f.Text('f', -1), true
}

// Pattern returns a string's text with every unknown part replaced by fill; ok is false for anything but a string, number, bool
// or unknown (which is fill itself).
func (v Value) Pattern(fill string) (s string, ok bool) {
	switch parts := v.Parts(); {
	case parts == nil:
		return "", false
	case len(parts) == 1:
		return parts[0], true
	default:
		return strings.Join(parts, fill), true
	}
}

// Parts splits a string at its unknown parts: n unknown parts give n+1 literals, of which the outer ones may be empty.
// It is nil for anything that is not a string or unknown.
func (v Value) Parts() []string {
	switch v.kind {
	case Unknown:
		return []string{"", ""}
	case String:
		if t, ok := v.data.(*text); ok && v.flags&partial != 0 {
			var out []string
			s, from := t.text(), 0
			for i, r := range s {
				if IsHole(r) {
					out = append(out, s[from:i])
					from = i + 4 // a code point of plane 15 is four bytes
				}
			}
			return append(out, s[from:])
		}
	}
	if s, ok := v.Str(); ok {
		return []string{s}
	}
	return nil
}

// Encoded returns the value that a text of jsonencode was made of.
func (v Value) Encoded() (of Value, ok bool) {
	if t, ok := v.data.(*text); ok && t.orig != nil {
		return *t.orig, true
	}
	return Value{}, false
}

// Literal returns the text of a string that is not Encoded, with a hole of the table for each unknown part; the table is nil when there are none.
func (v Value) Literal() (s string, tab *Holes) {
	switch d := v.data.(type) {
	case *text:
		return d.s, d.tab
	case string:
		return d, nil
	}
	return "", nil
}

// Bool returns a known boolean; the strings "true" and "false" convert as in Terraform.
func (v Value) Bool() (b, ok bool) {
	switch v.kind {
	case Bool:
		return v.data.(bool), true
	case String:
		switch s, _ := v.Str(); s {
		case "true", "1":
			return true, true
		case "false", "0":
			return false, true
		}
	}
	return false, false
}

// Float returns a known number; numeric strings convert as in Terraform.
func (v Value) Float() (float64, bool) {
	switch v.kind {
	case Number:
		f, _ := v.data.(*big.Float).Float64()
		return f, true
	case String:
		if s, ok := v.Str(); ok {
			f, err := strconv.ParseFloat(s, 64)
			return f, err == nil
		}
	}
	return 0, false
}

// Int returns a known whole number.
func (v Value) Int() (int, bool) {
	f, ok := v.Float()
	if !ok || f != float64(int(f)) {
		return 0, false
	}
	return int(f), true
}
