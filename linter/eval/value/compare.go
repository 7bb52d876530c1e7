package value

import (
	"math/big"
	"strconv"
	"strings"
)

// LooseEqual compares as Terraform's == does: values of different primitive types are equal when their texts are.
func LooseEqual(a, b Value) (equal, known bool) {
	primitive := func(v Value) bool { return v.kind == String || v.kind == Number || v.kind == Bool }
	if a.kind != b.kind && primitive(a) && primitive(b) {
		x, ok1 := a.Str()
		y, ok2 := b.Str()
		return x == y, ok1 && ok2
	}
	return a.Equal(b)
}

// Big returns a known number of bounded size.
func Big(v Value) *big.Float {
	switch v.kind {
	case Number:
		if _, ok := numberText(v.data.(*big.Float)); ok {
			return v.data.(*big.Float)
		}
	case String:
		if t, ok := v.Str(); ok && len(t) < 256 {
			if f, _, err := big.ParseFloat(t, 10, 512, big.ToNearestEven); err == nil {
				if _, ok := numberText(f); ok {
					return f
				}
			}
		}
	}
	return nil
}

// Canonical is a text that two values share exactly when they are equal in every known and unknown part.
func Canonical(v Value) string {
	var b strings.Builder
	WriteCanonical(&b, v)
	return b.String()
}

// WriteCanonical writes what Canonical returns.
func WriteCanonical(b *strings.Builder, v Value) {
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
			WriteCanonical(b, e)
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
