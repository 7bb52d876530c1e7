package eval

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

func isHole(r rune) bool { return r >= holeFirst && r <= holeLast }

// holes is a root module's table: what each hole would come from. Hole zero has no references.
type holes struct {
	refs  [][]Ref
	index map[string]rune
	// chosen are the holes that stand for a value with alternatives.
	chosen map[rune]Value
	byRef  map[*choice]rune
}

func (h *holes) add(refs []Ref) string {
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

func (h *holes) of(r rune) []Ref {
	if i := int(r - holeFirst); h != nil && i > 0 && i < len(h.refs) {
		return h.refs[i]
	}
	return nil
}

func (h *holes) all(s string) []Ref {
	var out []Ref
	for _, r := range s {
		if isHole(r) {
			out = mergeRefs(out, h.of(r))
		}
	}
	return out
}

// put is add for a value of which more than its origin may be known.
func (h *holes) put(v Value) string {
	c := v.choice()
	if c == nil {
		return h.add(v.Refs())
	}
	if r, ok := h.byRef[c]; ok {
		return string(holeFirst + r)
	}
	if h.chosen == nil {
		h.chosen, h.byRef = map[rune]Value{}, map[*choice]rune{}
		if len(h.refs) == 0 {
			h.refs, h.index = append(h.refs, nil), map[string]rune{}
		}
	}
	if holeFirst+len(h.refs) > holeLast {
		return string(rune(holeFirst))
	}
	i := rune(len(h.refs))
	h.refs = append(h.refs, c.refs)
	h.chosen[i], h.byRef[c] = v, i
	return string(holeFirst + i)
}

// value is what a text of nothing but holes stands for.
func (h *holes) value(s string) Value {
	if h != nil && len(h.chosen) > 0 {
		if r, n := utf8.DecodeRuneInString(s); n == len(s) {
			if v, ok := h.chosen[r-holeFirst]; ok {
				return v
			}
		}
	}
	return UnknownValue(h.all(s)...)
}

// each calls f for the values with alternatives in a text.
func (h *holes) each(s string, f func(Value)) {
	if h == nil || len(h.chosen) == 0 {
		return
	}
	for _, r := range s {
		if isHole(r) {
			if v, ok := h.chosen[r-holeFirst]; ok {
				f(v)
			}
		}
	}
}

// replace puts what f makes of them in the place of the values with alternatives.
func (h *holes) replace(s string, f func(Value) Value) (out string, changed bool) {
	if h == nil || len(h.chosen) == 0 {
		return s, false
	}
	var b strings.Builder
	for _, r := range s {
		if isHole(r) {
			if v, ok := h.chosen[r-holeFirst]; ok {
				if t, ok := f(v).holey(h); ok && b.Len()+len(t) <= maxString {
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
