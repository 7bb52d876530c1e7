package value

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// maxCompared bounds the parts that a comparison looks at: a value may hold another one many times, which holds another one many times.
const maxCompared = 20_000

// Same compares as Terraform's == does, which never takes values of different types for equal: "1" is not 1, and a list is not a tuple.
// Known is false when an unknown part decides, or too many parts.
func Same(a, b Value) (equal, known bool) {
	c := comparison{left: maxCompared, strict: true}
	return c.equal(a, b)
}

// Equal compares two values; known is false when an unknown part decides, or too many parts.
func (v Value) Equal(w Value) (equal, known bool) {
	c := comparison{left: maxCompared}
	return c.equal(v, w)
}

// comparison compares; a strict one tells lists from tuples and sets, and maps from objects.
type comparison struct {
	left   int
	strict bool
}

func (c *comparison) equal(v, w Value) (equal, known bool) {
	c.left--
	switch {
	case v.kind == Unknown || w.kind == Unknown || c.left < 0:
		return false, false
	case v.kind != w.kind, c.strict && (v.Typed() != w.Typed() || v.FromSet() != w.FromSet()):
		return false, true
	}
	switch v.kind {
	case Absent, Null:
		return true, true
	case Bool:
		return v.data == w.data, true
	case Number:
		return v.data.(*big.Float).Cmp(w.data.(*big.Float)) == 0, true
	case String:
		a, ok1 := v.Str()
		b, ok2 := w.Str()
		if ok1 && ok2 {
			return a == b, true
		}
		return false, false
	case List:
		return c.slices(v, w, v.Elems(), w.Elems())
	}
	a, b := v.data.(*object), w.data.(*object)
	if !slices.Equal(a.keys, b.keys) {
		return false, (v.flags|w.flags)&partial == 0
	}
	return c.slices(v, w, a.vals, b.vals)
}

func (c *comparison) slices(v, w Value, a, b []Value) (equal, known bool) {
	isPartial := (v.flags|w.flags)&partial != 0
	if len(a) != len(b) {
		return false, !isPartial
	}
	if len(a) > 0 && &a[0] == &b[0] && v.IsKnown() && w.IsKnown() { // one value, held twice
		return true, true
	}
	known = !isPartial
	for i := range a {
		e, k := c.equal(a[i], b[i])
		if k && !e {
			return false, true
		}
		if known = known && k; c.left < 0 {
			return false, false
		}
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

// Canonical is a text that two values share exactly when they are equal in every known and unknown part. Of values with very many parts
// only those share it that are one.
func Canonical(v Value) string {
	var b strings.Builder
	WriteCanonical(&b, v)
	return b.String()
}

// WriteCanonical writes what Canonical returns.
func WriteCanonical(b *strings.Builder, v Value) {
	left := maxCompared
	writeCanonical(b, v, &left)
}

func writeCanonical(b *strings.Builder, v Value, left *int) {
	*left--
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
		if *left < 0 {
			fmt.Fprintf(b, "%p", v.data)
			return
		}
		b.WriteByte("[{"[v.kind-List])
		v.Each(func(k string, e Value) {
			if v.kind == Map {
				b.WriteString(strconv.Quote(k) + ":")
			}
			writeCanonical(b, e, left)
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
