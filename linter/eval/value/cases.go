package value

import (
	"slices"
	"strings"
)

// Cases are the values that one value may have when conditions in it are not known, each with what it assumes of them. What one
// case finds may never happen in another, and what depends on one condition twice never contradicts itself.
type Cases struct {
	// Values has one element for a value without alternatives.
	Values []Value
	conds  []Condition
	// holds has for each value which of the conditions it assumes to hold.
	holds [][]bool
}

// maxParts bounds the search for conditions in one value.
const maxParts = 20_000

// Cases returns the values that v may have, at most sixteen.
func (v Value) Cases() Cases {
	if v.IsKnown() {
		return Cases{Values: []Value{v}}
	}
	f := caseFinder{}
	f.find(v)
	if len(f.conds) == 0 {
		return Cases{Values: []Value{v}}
	}
	out := Cases{conds: f.conds}
	for n := range 1 << len(f.conds) {
		holds := make([]bool, len(f.conds))
		for i := range holds {
			holds[i] = n>>(len(holds)-1-i)&1 == 0
		}
		if out.possible(holds) {
			out.holds = append(out.holds, holds)
			r := resolver{conds: f.conds, holds: holds}
			out.Values = append(out.Values, r.resolve(v))
		}
	}
	return out
}

// possible reports whether no two conditions hold that exclude each other.
func (c *Cases) possible(holds []bool) bool {
	for i := range holds {
		for j := range i {
			if holds[i] && holds[j] && c.conds[i].excludes(c.conds[j]) {
				return false
			}
		}
	}
	return true
}

// When says what the cases have in common that in names, as ", when var.open is true"; empty when they are all there are.
func (c *Cases) When(in []bool) string {
	if !slices.Contains(in, false) {
		return ""
	}
	var always, never []Condition
	for i, cond := range c.conds {
		yes, no := false, false
		for n, holds := range c.holds {
			if in[n] {
				yes, no = yes || holds[i], no || !holds[i]
			}
		}
		switch {
		case yes && !no:
			always = append(always, cond)
		case no && !yes:
			never = append(never, cond)
		}
	}
	var says []string
	for _, cond := range always {
		says = append(says, cond.Yes)
	}
	for _, cond := range never {
		if !slices.ContainsFunc(always, cond.excludes) { // else it is said already
			says = append(says, cond.No)
		}
	}
	if len(says) == 0 {
		return ", in some cases"
	}
	return ", when " + strings.Join(says, " and ")
}

type caseFinder struct {
	conds []Condition
	parts int
}

func (f *caseFinder) find(v Value) {
	if f.parts++; f.parts > maxParts || v.IsKnown() {
		return
	}
	if c := v.Choice(); c != nil {
		if !slices.ContainsFunc(f.conds, c.Cond.same) && len(f.conds) < maxConditions {
			f.conds = append(f.conds, c.Cond)
		}
		f.find(c.Yes)
		f.find(c.No)
		return
	}
	if t, ok := v.data.(*text); ok {
		if t.orig != nil {
			f.find(*t.orig)
			return
		}
		t.tab.each(t.s, func(w Value) { f.find(w) })
	}
	v.Each(func(_ string, e Value) { f.find(e) })
}

type resolver struct {
	conds []Condition
	holds []bool
	parts int
}

// resolve replaces the choices by what the conditions decide.
func (r *resolver) resolve(v Value) Value {
	if r.parts++; r.parts > maxParts || v.IsKnown() {
		return v
	}
	if c := v.Choice(); c != nil {
		i := slices.IndexFunc(r.conds, c.Cond.same)
		switch {
		case i < 0:
			return v
		case r.holds[i]:
			return r.resolve(c.Yes).Marked(v.Sensitive())
		}
		return r.resolve(c.No).Marked(v.Sensitive())
	}
	if t, ok := v.data.(*text); ok {
		if t.orig != nil {
			return JSONValue(r.resolve(*t.orig), t.tab).Marked(v.Sensitive()).WithSource(v.src)
		}
		s, changed := t.tab.replace(t.s, r.resolve)
		if !changed {
			return v
		}
		return TextValue(s, t.tab).Marked(v.Sensitive()).WithSource(v.src)
	}
	return v.Mapped(func(_ string, e Value) Value { return r.resolve(e) })
}
