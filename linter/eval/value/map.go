package value

import "slices"

// MapBuilder keeps keys sorted; tags maps are small and mostly written in order, so insertion beats a Go map.
type MapBuilder struct {
	keys []string
	vals []Value
	refs []Ref
	part bool
}

// NewMap returns a builder for about n keys.
func NewMap(n int) *MapBuilder {
	return &MapBuilder{keys: make([]string, 0, n), vals: make([]Value, 0, n)}
}

// Set adds or replaces a key.
func (b *MapBuilder) Set(k string, v Value) {
	i := len(b.keys)
	if i > 0 && b.keys[i-1] >= k {
		var found bool
		if i, found = slices.BinarySearch(b.keys, k); found {
			b.vals[i] = v
			return
		}
	}
	b.keys, b.vals = slices.Insert(b.keys, i, k), slices.Insert(b.vals, i, v)
}

// Get returns what was set.
func (b *MapBuilder) Get(k string) (Value, bool) {
	v := Value{kind: Map, data: &object{keys: b.keys, vals: b.vals}}.Get(k)
	return v, v.kind != Absent
}

// Unknown notes that keys that are not shown may exist.
func (b *MapBuilder) Unknown(refs []Ref) {
	b.part = true
	b.refs = MergeRefs(b.refs, refs)
}

// Value returns the map.
func (b *MapBuilder) Value() Value {
	v := sortedMap(b.keys, b.vals)
	if b.part {
		return v.WithPartial(b.refs...)
	}
	return v
}

func (f flags) withParts(vals []Value) flags {
	parts := ofParts(vals)
	if f&partial != 0 {
		parts &^= deepKnown
	}
	return f&^(deepKnown|holdsSensitive) | parts
}

// Mapped applies f to the elements and keeps everything else.
func (v Value) Mapped(f func(string, Value) Value) Value {
	switch d := v.data.(type) {
	case []Value, *openList:
		elems := v.Elems()
		out := make([]Value, len(elems))
		for i, e := range elems {
			out[i] = f("", e)
		}
		v.data = out
		if o, ok := d.(*openList); ok {
			v.data = &openList{elems: out, refs: o.refs}
		}
		v.flags = v.flags.withParts(out)
	case *object:
		out := make([]Value, len(d.vals))
		for i, e := range d.vals {
			out[i] = f(d.keys[i], e)
		}
		v.data = &object{keys: d.keys, vals: out, refs: d.refs}
		v.flags = v.flags.withParts(out)
	}
	return v
}
