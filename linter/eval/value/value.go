// Package value holds what an expression evaluates to when parts of it cannot be known: a Value with the place that wrote it, the
// references that its unknown parts would come from, and the alternatives that an undecided condition leaves. It makes, compares,
// changes and writes values; what they come from (cty, JSON texts, expressions) belongs to the packages above it.
package value

import (
	"math/big"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2"
)

// Kind tells what a Value holds.
type Kind uint8

// MaxString bounds the texts that evaluation makes, in bytes.
const MaxString = 4 << 20

// Absent is the zero Value: the attribute or key is not written. List holds lists, tuples and sets; Map holds maps and objects.
const (
	Absent Kind = iota
	Unknown
	Null
	Bool
	Number
	String
	List
	Map
)

// String names the kind as Terraform's messages do.
func (k Kind) String() string {
	return [...]string{"absent", "unknown", "null", "bool", "number", "string", "list", "map"}[k]
}

type flags uint8

const (
	// partial: a string with unknown parts, a list that may have other elements, a map that may have other keys.
	partial flags = 1 << iota
	sensitive
	// isSet: a List made by toset, whose order is not the written one and which has no indices.
	isSet
	// deepKnown caches that no part at any depth is unknown.
	deepKnown
	// failed: an unknown value whose expression is wrong, for try and can.
	failed
	// typed: a List or Map whose elements have one type, as tolist, tomap and the types of variables make it; without it a tuple or object.
	typed
	// holdsSensitive caches that a part at some depth is sensitive.
	holdsSensitive
)

// Locator is anything with a place in a source file.
type Locator interface{ Range() hcl.Range }

// At is a Locator for a range that a rule computed itself.
type At hcl.Range

// Range returns the range itself.
func (a At) Range() hcl.Range { return hcl.Range(a) }

// Value is one evaluated value with the place that wrote it. It is immutable and small; copy it freely.
type Value struct {
	kind  Kind
	flags flags
	src   Locator
	data  any // bool | *big.Float | string | *text | []Value | *openList | *object | []Ref | *Choice | *test
}

// Ref names what an unknown value would come from.
type Ref struct {
	// Address of the object within its module: "aws_iam_role.train", "data.aws_caller_identity.me", "var.name",
	// "module.net", "each", "path".
	Address string
	// Path is the rest of the traversal: "arn", "serving.artifact_uri"; empty for the object itself.
	Path string
	// Module is the address of the module instance that wrote the reference; empty for the root module.
	Module string
}

// String writes the reference as in a configuration.
func (r Ref) String() string {
	if r.Path == "" {
		return r.Address
	}
	return r.Address + "." + r.Path
}

// openList is a partial list; a whole one is a plain slice.
type openList struct {
	elems []Value
	refs  []Ref
}

type object struct {
	keys []string // sorted
	vals []Value
	refs []Ref // where the missing keys of a partial map may come from
	// choice has the alternatives of a map that is one of two; keys are those of both.
	choice *Choice
}

// MergeRefs appends the references of b that a does not have.
func MergeRefs(a, b []Ref) []Ref {
	for _, r := range b {
		if !slices.Contains(a, r) {
			a = append(a[:len(a):len(a)], r)
		}
	}
	return a
}

// UnknownValue is a value of which nothing is known but where it would come from.
func UnknownValue(refs ...Ref) Value {
	if len(refs) == 0 {
		return Value{kind: Unknown}
	}
	return Value{kind: Unknown, data: refs}
}

// NullValue is Terraform's null.
func NullValue() Value { return Value{kind: Null, flags: deepKnown} }

// BoolValue wraps a bool.
func BoolValue(b bool) Value { return Value{kind: Bool, flags: deepKnown, data: b} }

// StringValue wraps a wholly known string.
func StringValue(s string) Value { return Value{kind: String, flags: deepKnown, data: s} }

// NumberValue wraps a number.
func NumberValue(f *big.Float) Value { return Value{kind: Number, flags: deepKnown, data: f} }

// IntValue wraps an integer.
func IntValue(i int) Value { return NumberValue(new(big.Float).SetInt64(int64(i))) }

// ListValue wraps elements; it keeps the slice.
func ListValue(elems []Value) Value {
	return Value{kind: List, flags: ofParts(elems), data: elems}
}

// MapValue wraps a map.
func MapValue(m map[string]Value) Value {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	vals := make([]Value, len(keys))
	for i, k := range keys {
		vals[i] = m[k]
	}
	return sortedMap(keys, vals)
}

func sortedMap(keys []string, vals []Value) Value {
	return Value{kind: Map, flags: ofParts(vals), data: &object{keys: keys, vals: vals}}
}

// ofParts is what a list or map has of its elements: a walk when it is asked for would take forever where elements are shared.
func ofParts(vals []Value) flags {
	f := deepKnown
	for i := range vals {
		if vals[i].flags&deepKnown == 0 {
			f &^= deepKnown
		}
		if vals[i].flags&(sensitive|holdsSensitive) != 0 {
			f |= holdsSensitive
		}
	}
	return f
}

// WithPartial returns the list or map marked as possibly having other elements, which would come from refs.
func (v Value) WithPartial(refs ...Ref) Value {
	v.flags = v.flags&^deepKnown | partial
	switch d := v.data.(type) {
	case *object:
		v.data = &object{keys: d.keys, vals: d.vals, refs: refs}
	case []Value:
		v.data = &openList{elems: d, refs: refs}
	case *openList:
		v.data = &openList{elems: d.elems, refs: refs}
	}
	return v
}

// Source is what placed the value; nil when nothing did.
func (v Value) Source() Locator { return v.src }

// WithSource returns the value placed at src.
func (v Value) WithSource(src Locator) Value { v.src = src; return v }

// Marked returns the value, sensitive if it was or the argument says so.
func (v Value) Marked(isSensitive bool) Value {
	if isSensitive {
		v.flags |= sensitive
	}
	return v
}

// Unmarked returns the value as not sensitive.
func (v Value) Unmarked() Value { v.flags &^= sensitive; return v }

// FailedValue is an unknown value whose expression is wrong: try and can tell it from one that is merely not known.
func FailedValue(refs ...Ref) Value {
	v := UnknownValue(refs...)
	v.flags = failed
	return v
}

// Failed reports a FailedValue.
func (v Value) Failed() bool { return v.flags&failed != 0 }

// FromSet reports a list whose order is not the written one and which has no indices: toset made it.
func (v Value) FromSet() bool { return v.flags&isSet != 0 }

// AsSet returns the list as one that toset made; the elements must be distinct and sorted.
func (v Value) AsSet() Value { v.flags |= isSet | typed; return v }

// AsList returns the list with indices, of elements of one type.
func (v Value) AsList() Value { v.flags = v.flags&^isSet | typed; return v }

// AsMap returns the map as one of elements of one type.
func (v Value) AsMap() Value { v.flags |= typed; return v }

// Typed reports a list, set or map of elements of one type, which is never equal to a tuple or object.
func (v Value) Typed() bool { return v.flags&typed != 0 }

// Kind tells what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsSet reports whether the value was written at all; null counts as not set, as it does for providers.
func (v Value) IsSet() bool { return v.kind != Absent && v.kind != Null }

// IsKnown reports whether no part of the value, at any depth, is unknown.
func (v Value) IsKnown() bool { return v.flags&deepKnown != 0 }

// Partial reports whether a string has unknown parts, or a list or map may have elements that are not shown.
func (v Value) Partial() bool { return v.flags&partial != 0 }

// Sensitive reports whether the value was marked sensitive by a variable or function.
func (v Value) Sensitive() bool { return v.flags&sensitive != 0 }

// HoldsSensitive reports whether the value or a part of it, at any depth, is sensitive.
func (v Value) HoldsSensitive() bool { return v.flags&(sensitive|holdsSensitive) != 0 }

// Range is the place that wrote the value; the zero Range when there is none, as in a plan without sources.
func (v Value) Range() hcl.Range {
	if v.src == nil {
		return hcl.Range{}
	}
	return v.src.Range()
}

// Refs lists what the unknown parts at the top of the value would come from. Body.Refs follows locals and calls.
func (v Value) Refs() []Ref {
	switch d := v.data.(type) {
	case []Ref:
		return d
	case *Choice:
		return d.Refs
	case *test:
		return d.refs
	case *text:
		return d.tab.All(d.text())
	case *object:
		return d.refs
	case *openList:
		return d.refs
	}
	return nil
}

// AllRefs collects the references at every depth.
func (v Value) AllRefs() []Ref {
	left := maxCompared
	return v.allRefs(&left)
}

func (v Value) allRefs(left *int) []Ref {
	if *left--; *left < 0 || v.IsKnown() {
		return nil
	}
	out := v.Refs()
	v.Each(func(_ string, e Value) { out = MergeRefs(out, e.allRefs(left)) })
	return out
}

// Elems returns a list's elements (a set's are sorted). Anything else has none. Do not modify the slice.
func (v Value) Elems() []Value {
	if o, ok := v.data.(*openList); ok {
		return o.elems
	}
	l, _ := v.data.([]Value)
	return l
}

// Len is the number of elements or keys shown.
func (v Value) Len() int {
	if o, ok := v.data.(*object); ok {
		return len(o.keys)
	}
	return len(v.Elems())
}

// Keys returns a map's keys, sorted. Do not modify the slice.
func (v Value) Keys() []string {
	if o, ok := v.data.(*object); ok {
		return o.keys
	}
	return nil
}

// Vals returns a map's values in the order of Keys. Do not modify the slice.
func (v Value) Vals() []Value {
	if o, ok := v.data.(*object); ok {
		return o.vals
	}
	return nil
}

// Get returns the value of a map's key. A key that is not shown is Absent, or unknown when the map is partial or the
// whole value is unknown.
func (v Value) Get(key string) Value {
	switch d := v.data.(type) {
	case *object:
		if i := sort.SearchStrings(d.keys, key); i < len(d.keys) && d.keys[i] == key {
			return d.vals[i]
		}
		if v.flags&partial != 0 {
			return Value{kind: Unknown, src: v.src, data: refsOrNil(under(d.refs, key))}
		}
		return Value{}
	}
	if v.kind == Unknown {
		return v
	}
	return Value{}
}

// under is where an element would come from, given where its map comes from.
func under(refs []Ref, key string) []Ref {
	out := make([]Ref, len(refs))
	for i, r := range refs {
		r.Path = JoinPath(r.Path, key)
		out[i] = r
	}
	return out
}

func refsOrNil(r []Ref) any {
	if len(r) == 0 {
		return nil
	}
	return r
}

// Each calls f for every key of a map in order, or every element of a list with an empty key.
func (v Value) Each(f func(key string, elem Value)) {
	if o, ok := v.data.(*object); ok {
		for i, k := range o.keys {
			f(k, o.vals[i])
		}
		return
	}
	for _, e := range v.Elems() {
		f("", e)
	}
}

// Strings returns the wholly known strings of a list (or of a single string), in order. The rest is left out; use Elems to see it.
func (v Value) Strings() []string {
	if s, ok := v.Str(); ok {
		return []string{s}
	}
	var out []string
	for _, e := range v.Elems() {
		if s, ok := e.Str(); ok {
			out = append(out, s)
		}
	}
	return out
}

// Overlay is merge(base, top): the keys of top win, what is unknown may add keys, and null or absent count as empty.
func Overlay(base, top Value) Value {
	out := overlay(base, top)
	if b, t := base.Choice(), top.Choice(); b != nil && t != nil && b.Weight*t.Weight > MaxChoice {
		return out
	}
	if c := top.Choice(); c != nil {
		return out.Choosing(c.Cond, Overlay(base, c.Yes), Overlay(base, c.No))
	}
	if c := base.Choice(); c != nil {
		return out.Choosing(c.Cond, Overlay(c.Yes, top), Overlay(c.No, top))
	}
	return out
}

func overlay(base, top Value) Value {
	out := NewMap(base.Len() + top.Len())
	for _, v := range []Value{base, top} {
		switch v.kind {
		case Unknown:
			out.Unknown(v.Refs())
		case Map:
			v.Each(out.Set)
			if v.Partial() {
				out.Unknown(v.Refs())
			}
		}
	}
	return out.Value()
}
