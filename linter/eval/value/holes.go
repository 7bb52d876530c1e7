package value

import (
	"strings"
	"unicode/utf8"
)

// An unknown part inside a partial string is a hole: one code point of plane 15, private use, whose offset is an index
// into the root's table of references. String functions carry it along without a representation of their own.
const (
	holeFirst = 0xF0000
	holeLast  = 0xFFFFD
)

// IsHole tells a hole from text.
func IsHole(r rune) bool { return r >= holeFirst && r <= holeLast }

// Holes is a root module's table: what each hole would come from. Hole zero has no references.
type Holes struct {
	refs  [][]Ref
	index map[string]rune
	// chosen are the holes that stand for a value with alternatives.
	chosen map[rune]Value
	byRef  map[*Choice]rune
}

// Add returns the hole for what refs name.
func (h *Holes) Add(refs []Ref) string {
	if len(refs) == 0 {
		return string(rune(holeFirst))
	}
	var key strings.Builder
	for _, r := range refs {
		key.WriteString(r.Module + "|" + r.Address + "|" + r.Path + ";")
	}
	i, ok := h.index[key.String()]
	if !ok {
		if h.index == nil {
			h.index = map[string]rune{}
			h.refs = append(h.refs, nil)
		}
		if holeFirst+len(h.refs) > holeLast {
			return string(rune(holeFirst))
		}
		i = rune(len(h.refs))
		h.refs = append(h.refs, refs)
		h.index[key.String()] = i
	}
	return string(holeFirst + i)
}

// Of returns what a hole would come from.
func (h *Holes) Of(r rune) []Ref {
	if i := int(r - holeFirst); h != nil && i > 0 && i < len(h.refs) {
		return h.refs[i]
	}
	return nil
}

// All returns what the holes of a text would come from.
func (h *Holes) All(s string) []Ref {
	var out []Ref
	for _, r := range s {
		if IsHole(r) {
			out = MergeRefs(out, h.Of(r))
		}
	}
	return out
}

// Put is Add for a value of which more than its origin may be known.
func (h *Holes) Put(v Value) string {
	c := v.Choice()
	if c == nil {
		return h.Add(v.Refs())
	}
	if r, ok := h.byRef[c]; ok {
		return string(holeFirst + r)
	}
	if h.chosen == nil {
		h.chosen, h.byRef = map[rune]Value{}, map[*Choice]rune{}
		if len(h.refs) == 0 {
			h.refs, h.index = append(h.refs, nil), map[string]rune{}
		}
	}
	if holeFirst+len(h.refs) > holeLast {
		return string(rune(holeFirst))
	}
	i := rune(len(h.refs))
	h.refs = append(h.refs, c.Refs)
	h.chosen[i], h.byRef[c] = v, i
	return string(holeFirst + i)
}

// Value is what a text of nothing but holes stands for.
func (h *Holes) Value(s string) Value {
	if h != nil && len(h.chosen) > 0 {
		if r, n := utf8.DecodeRuneInString(s); n == len(s) {
			if v, ok := h.chosen[r-holeFirst]; ok {
				return v
			}
		}
	}
	return UnknownValue(h.All(s)...)
}

// each calls f for the values with alternatives in a text.
func (h *Holes) each(s string, f func(Value)) {
	if h == nil || len(h.chosen) == 0 {
		return
	}
	for _, r := range s {
		if IsHole(r) {
			if v, ok := h.chosen[r-holeFirst]; ok {
				f(v)
			}
		}
	}
}

// replace puts what f makes of them in the place of the values with alternatives.
func (h *Holes) replace(s string, f func(Value) Value) (out string, changed bool) {
	if h == nil || len(h.chosen) == 0 {
		return s, false
	}
	var b strings.Builder
	for _, r := range s {
		if IsHole(r) {
			if v, ok := h.chosen[r-holeFirst]; ok {
				if t, ok := h.Text(f(v)); ok && b.Len()+len(t) <= MaxString {
					b.WriteString(t)
					changed = true
					continue
				}
			}
		}
		b.WriteRune(r)
	}
	return b.String(), changed
}

// Text returns a value's text with holes; an unknown value becomes one hole. ok is false for what has no text.
func (h *Holes) Text(v Value) (s string, ok bool) {
	if v.kind == Unknown {
		return h.Put(v), true
	}
	if t, ok := v.data.(*text); ok {
		return t.text(), true
	}
	return v.Str()
}
