package convert

import (
	"maps"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	ctyconvert "github.com/zclconf/go-cty/cty/convert"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// ToType gives a value the type that a variable declares, with the defaults of optional attributes. A value that does
// not convert stays as it is: terraform validate reports it.
func ToType(v value.Value, ty cty.Type, def *typeexpr.Defaults) value.Value {
	if c := v.Choice(); c != nil {
		yes, no := ToType(c.Yes, ty, def), ToType(c.No, ty, def)
		return value.Either(yes, no, c.Refs).Choosing(c.Cond, yes, no).Marked(v.Sensitive()).WithSource(v.Source())
	}
	switch {
	case !v.IsSet() || v.Kind() == value.Unknown || ty == cty.DynamicPseudoType:
		return v
	case ty == cty.String:
		if v.Kind() == value.Number || v.Kind() == value.Bool {
			if s, ok := v.Str(); ok {
				return value.StringValue(s).Marked(v.Sensitive()).WithSource(v.Source())
			}
		}
	case ty == cty.Number:
		if v.Kind() == value.String {
			if f := value.Big(v); f != nil {
				return value.NumberValue(f).Marked(v.Sensitive()).WithSource(v.Source())
			}
		}
	case ty == cty.Bool:
		if v.Kind() == value.String {
			if b, ok := v.Bool(); ok {
				return value.BoolValue(b).Marked(v.Sensitive()).WithSource(v.Source())
			}
		}
	case ty.IsObjectType() && v.Kind() == value.Map:
		return convertObject(v, ty, def)
	case ty.IsMapType() && v.Kind() == value.Map:
		return v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty.ElementType(), child(def, "")) }).AsMap()
	case ty.IsListType() && v.Kind() == value.List:
		return v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty.ElementType(), child(def, "")) }).AsList()
	case ty.IsSetType() && v.Kind() == value.List:
		return Set(v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty.ElementType(), child(def, "")) }))
	case ty.IsTupleType() && v.Kind() == value.List && v.Len() == ty.Length():
		i := -1
		return v.Mapped(func(_ string, e value.Value) value.Value { i++; return ToType(e, ty.TupleElementType(i), nil) })
	}
	return v
}

func convertObject(v value.Value, ty cty.Type, def *typeexpr.Defaults) value.Value {
	b := value.NewMap(len(ty.AttributeTypes()))
	for _, n := range slices.Sorted(maps.Keys(ty.AttributeTypes())) {
		e := v.Get(n)
		if e.Kind() == value.Absent || e.Kind() == value.Null {
			e = value.NullValue().WithSource(v.Source())
			if def != nil {
				if d, ok := def.DefaultValues[n]; ok {
					e = FromCty(d, nil).WithSource(v.Source())
				}
			}
		}
		b.Set(n, ToType(e, ty.AttributeType(n), child(def, n)))
	}
	return b.Value().Marked(v.Sensitive()).WithSource(v.Source())
}

func child(def *typeexpr.Defaults, name string) *typeexpr.Defaults {
	if def == nil {
		return nil
	}
	return def.Children[name]
}

// ToList, ToSet and ToMap convert as the functions of these names do; ok is false for what does not convert. Elements get the type that
// all of them convert to, unless some of them are not known.

// ToList makes a list of a list, tuple or set.
func ToList(v value.Value) (out value.Value, ok bool) {
	switch v.Kind() {
	case value.Unknown, value.Null:
		return v, true
	case value.List:
		v, ok = unified(v)
		return v.AsList(), ok
	}
	return v, false
}

// ToSet makes a set of a list, tuple or set.
func ToSet(v value.Value) (out value.Value, ok bool) {
	switch v.Kind() {
	case value.Unknown, value.Null:
		return v, true
	case value.List:
		v, ok = unified(v)
		return Set(v), ok
	}
	return v, false
}

// ToMap makes a map of a map or object.
func ToMap(v value.Value) (out value.Value, ok bool) {
	switch v.Kind() {
	case value.Unknown, value.Null:
		return v, true
	case value.Map:
		v, ok = unified(v)
		return v.AsMap(), ok
	}
	return v, false
}

// unified gives the elements one type.
func unified(v value.Value) (out value.Value, ok bool) {
	if v.Partial() {
		return v, true
	}
	elems := v.Elems()
	if v.Kind() == value.Map {
		elems = v.Vals()
	}
	ty, ok := Common(elems)
	if !ok || ty == cty.DynamicPseudoType {
		return v, ok
	}
	return v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty, nil) }), true
}

// maxParts bounds the search for the types of values that hold others many times over.
const maxParts = 20_000

// Common is the type that all values convert to. It is cty.DynamicPseudoType when nothing needs to be converted or a part is not known,
// and ok is false when there is none.
func Common(vals []value.Value) (ty cty.Type, ok bool) {
	alike := true
	for _, v := range vals {
		if v.Kind() == value.Unknown {
			return cty.DynamicPseudoType, true
		}
		alike = alike && v.Kind() == vals[0].Kind() && v.Kind() != value.List && v.Kind() != value.Map
	}
	if alike || len(vals) > maxMixed {
		return cty.DynamicPseudoType, true
	}
	var types []cty.Type // each once: unification compares them all with each other
	left := maxParts
	for _, v := range vals {
		ty := typeOf(v, &left)
		if ty != cty.DynamicPseudoType && !slices.ContainsFunc(types, ty.Equals) {
			types = append(types, ty)
		}
		if len(types) > manyElems || left < 0 {
			return cty.DynamicPseudoType, true
		}
	}
	if len(types) == 0 {
		return cty.DynamicPseudoType, true
	}
	ty, _ = ctyconvert.UnifyUnsafe(types)
	return ty, ty != cty.NilType
}

// typeOf is the type of a value, cty.DynamicPseudoType of null, of what is not known and of what has more parts than are left.
func typeOf(v value.Value, left *int) cty.Type {
	if *left--; *left < 0 {
		return cty.DynamicPseudoType
	}
	elements := func(vals []value.Value) cty.Type {
		for _, e := range vals {
			if ty := typeOf(e, left); ty != cty.DynamicPseudoType {
				return ty
			}
		}
		return cty.DynamicPseudoType
	}
	switch v.Kind() {
	case value.Bool:
		return cty.Bool
	case value.Number:
		return cty.Number
	case value.String:
		return cty.String
	case value.List:
		switch {
		case v.Partial() || v.Len() > maxMixed:
			return cty.DynamicPseudoType
		case v.FromSet():
			return cty.Set(elements(v.Elems()))
		case v.Typed():
			return cty.List(elements(v.Elems()))
		}
		types := make([]cty.Type, v.Len())
		for i, e := range v.Elems() {
			types[i] = typeOf(e, left)
		}
		return cty.Tuple(types)
	case value.Map:
		switch {
		case v.Partial() || v.Len() > maxMixed:
			return cty.DynamicPseudoType
		case v.Typed():
			return cty.Map(elements(v.Vals()))
		}
		types := make(map[string]cty.Type, v.Len())
		v.Each(func(k string, e value.Value) { types[k] = typeOf(e, left) })
		return cty.Object(types)
	}
	return cty.DynamicPseudoType
}

// Set removes duplicates and sorts strings, as iteration over a set does.
func Set(v value.Value) value.Value {
	if v.Kind() != value.List {
		return v
	}
	seen := map[string]bool{}
	out := make([]value.Value, 0, v.Len())
	var unknowns []value.Value
	for _, e := range v.Elems() {
		if !e.IsKnown() {
			unknowns = append(unknowns, e)
			continue
		}
		if k := value.Canonical(e); !seen[k] {
			seen[k] = true
			out = append(out, e)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, _ := out[i].Str()
		b, _ := out[j].Str()
		if out[i].Kind() == value.Number && out[j].Kind() == value.Number {
			x, _ := out[i].Float()
			y, _ := out[j].Float()
			return x < y
		}
		return a < b
	})
	s := value.ListValue(append(out, unknowns...)).Marked(v.Sensitive()).WithSource(v.Source()).AsSet()
	if v.Partial() {
		return s.WithPartial(v.Refs()...)
	}
	return s
}
