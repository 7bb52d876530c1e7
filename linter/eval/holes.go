package eval

import "strings"

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
