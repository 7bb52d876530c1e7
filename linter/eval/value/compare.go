package value

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Same compares as Terraform's == does, which never takes values of different types for equal: "1" is not 1, and a list is not a tuple.
// Known is false when an unknown part decides.
func Same(a, b Value) (equal, known bool) {
	if a.kind != b.kind && a.kind != Unknown && b.kind != Unknown || a.kind == List && b.kind == List && a.FromSet() != b.FromSet() ||
		a.kind == b.kind && a.Typed() != b.Typed() {
		return false, true
	}
	if a.kind != List && a.kind != Map || a.kind != b.kind || a.Len() != b.Len() || a.Partial() || b.Partial() {
		return a.Equal(b)
	}
	if a.kind == Map && !slices.Equal(a.Keys(), b.Keys()) {
		return false, true
	}
	known = true
	x, y := append(a.Elems(), a.Vals()...), append(b.Elems(), b.Vals()...)
	for i := range x {
		eq, ok := Same(x[i], y[i])
		if ok && !eq {
			return false, true
		}
		known = known && ok
	}
	return known, known
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
