package eval

import (
	"sort"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
)

// toCty gives a function what it can use: whatever has an unknown part that cty cannot hold becomes unknown as a whole.
// Numbers too large to write out become unknown too, so that no function can be made to.
func toCty(v Value) cty.Value {
	switch v.kind {
	case Null:
		return cty.NullVal(cty.DynamicPseudoType)
	case Bool:
		return cty.BoolVal(v.data.(bool))
	case Number:
		if f := bigOf(v); f != nil {
			return cty.NumberVal(f)
		}
		return cty.UnknownVal(cty.Number)
	case String:
		if s, ok := v.Str(); ok {
			return cty.StringVal(s)
		}
		return cty.UnknownVal(cty.String)
	case List:
		if v.flags&partial != 0 {
			return cty.DynamicVal
		}
		elems := make([]cty.Value, v.Len())
		for i, e := range v.Elems() {
			elems[i] = toCty(e)
		}
		if v.flags&isSet != 0 && len(elems) > 0 && cty.CanSetVal(elems) {
			return cty.SetVal(elems)
		}
		switch {
		case len(elems) <= manyElems:
		case alike(elems):
			return cty.ListVal(elems)
		case len(elems) > maxMixed:
			return cty.DynamicVal
		}
		return cty.TupleVal(elems)
	case Map:
		if v.flags&partial != 0 {
			return cty.DynamicVal
		}
		attrs := make(map[string]cty.Value, v.Len())
		vals := make([]cty.Value, 0, v.Len())
		v.Each(func(k string, e Value) {
			attrs[k] = toCty(e)
			vals = append(vals, attrs[k])
		})
		switch {
		case len(vals) <= manyElems:
		case alike(vals):
			return cty.MapVal(attrs)
		case len(vals) > maxMixed:
			return cty.DynamicVal
		}
		return cty.ObjectVal(attrs)
	}
	return cty.DynamicVal
}

// A conversion of a tuple to a list compares the types of all elements with each other: of fifty thousand strings for a quarter of a
// minute. Many elements of one primitive type are a list from the start, and of many of several types nothing is known.
const (
	manyElems = 64
	maxMixed  = 2000
)

func alike(vals []cty.Value) bool {
	ty := vals[0].Type()
	if !ty.IsPrimitiveType() {
		return false
	}
	for _, v := range vals {
		if v.Type() != ty {
			return false
		}
	}
	return true
}

// fromCty converts a result; refs say where its unknown parts would come from.
func fromCty(v cty.Value, refs []Ref) Value {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown():
		return UnknownValue(refs...)
	case v.IsNull():
		return NullValue()
	}
	ty := v.Type()
	switch {
	case ty == cty.String:
		return StringValue(v.AsString())
	case ty == cty.Bool:
		return BoolValue(v.True())
	case ty == cty.Number:
		return NumberValue(v.AsBigFloat())
	case ty.IsListType(), ty.IsTupleType(), ty.IsSetType():
		elems := make([]Value, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			elems = append(elems, fromCty(e, refs))
		}
		out := ListValue(elems)
		if ty.IsSetType() {
			out.flags |= isSet
		}
		return out
	case ty.IsMapType(), ty.IsObjectType():
		b := newMap(v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			b.set(k.AsString(), fromCty(e, refs))
		}
		return b.value()
	}
	return UnknownValue(refs...)
}

// coerce gives a value the type that a variable declares, with the defaults of optional attributes. A value that does
// not convert stays as it is: terraform validate reports it.
func coerce(v Value, ty cty.Type, def *typeexpr.Defaults) Value {
	if c := v.choice(); c != nil {
		yes, no := coerce(c.yes, ty, def), coerce(c.no, ty, def)
		return either(yes, no, c.refs).choosing(c.cond, yes, no).with(v.flags).WithSource(v.src)
	}
	switch {
	case v.kind == Unknown || v.kind == Absent || ty == cty.DynamicPseudoType:
		return v
	case v.kind == Null:
		if def != nil && def.Children == nil && def.DefaultValues == nil {
			return v
		}
		return v
	case ty == cty.String:
		if v.kind == Number || v.kind == Bool {
			if s, ok := v.Str(); ok {
				return StringValue(s).with(v.flags).WithSource(v.src)
			}
		}
	case ty == cty.Number:
		if v.kind == String {
			if f := bigOf(v); f != nil {
				return NumberValue(f).with(v.flags).WithSource(v.src)
			}
		}
	case ty == cty.Bool:
		if v.kind == String {
			if b, ok := v.Bool(); ok {
				return BoolValue(b).with(v.flags).WithSource(v.src)
			}
		}
	case ty.IsObjectType() && v.kind == Map:
		return convertObject(v, ty, def)
	case ty.IsMapType() && v.kind == Map:
		return v.mapped(func(_ string, e Value) Value { return coerce(e, ty.ElementType(), child(def, "")) })
	case ty.IsListType() && v.kind == List:
		out := v.mapped(func(_ string, e Value) Value { return coerce(e, ty.ElementType(), child(def, "")) })
		out.flags &^= isSet
		return out
	case ty.IsSetType() && v.kind == List:
		return toSet(v.mapped(func(_ string, e Value) Value { return coerce(e, ty.ElementType(), child(def, "")) }))
	case ty.IsTupleType() && v.kind == List && v.Len() == ty.Length():
		i := -1
		return v.mapped(func(_ string, e Value) Value { i++; return coerce(e, ty.TupleElementType(i), nil) })
	}
	return v
}

func convertObject(v Value, ty cty.Type, def *typeexpr.Defaults) Value {
	b := newMap(len(ty.AttributeTypes()))
	names := make([]string, 0, len(ty.AttributeTypes()))
	for n := range ty.AttributeTypes() {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		e := v.Get(n)
		if e.kind == Absent || e.kind == Null {
			e = NullValue().WithSource(v.src)
			if def != nil {
				if d, ok := def.DefaultValues[n]; ok {
					e = fromCty(d, nil).WithSource(v.src)
				}
			}
		}
		b.set(n, coerce(e, ty.AttributeType(n), child(def, n)))
	}
	return b.value().with(v.flags).WithSource(v.src)
}

func child(def *typeexpr.Defaults, name string) *typeexpr.Defaults {
	if def == nil {
		return nil
	}
	return def.Children[name]
}

// mapped applies f to the elements and keeps everything else.
func (v Value) mapped(f func(string, Value) Value) Value {
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
		v.flags = v.flags &^ deepKnown
		if v.flags&partial == 0 && allKnown(out) {
			v.flags |= deepKnown
		}
	case *object:
		out := make([]Value, len(d.vals))
		for i, e := range d.vals {
			out[i] = f(d.keys[i], e)
		}
		v.data = &object{keys: d.keys, vals: out, refs: d.refs}
		v.flags = v.flags &^ deepKnown
		if v.flags&partial == 0 && allKnown(out) {
			v.flags |= deepKnown
		}
	}
	return v
}

// toSet removes duplicates and sorts strings, as iteration over a set does.
func toSet(v Value) Value {
	if v.kind != List {
		return v
	}
	seen := map[string]bool{}
	out := make([]Value, 0, v.Len())
	var unknowns []Value
	for _, e := range v.Elems() {
		if !e.IsKnown() {
			unknowns = append(unknowns, e)
			continue
		}
		if k := canonical(e); !seen[k] {
			seen[k] = true
			out = append(out, e)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, _ := out[i].Str()
		b, _ := out[j].Str()
		if out[i].kind == Number && out[j].kind == Number {
			x, _ := out[i].Float()
			y, _ := out[j].Float()
			return x < y
		}
		return a < b
	})
	s := ListValue(append(out, unknowns...)).with(v.flags).WithSource(v.src)
	s.flags |= isSet
	if v.flags&partial != 0 {
		return s.WithPartial(v.Refs()...)
	}
	return s
}
