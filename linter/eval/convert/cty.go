// Package convert turns values into other representations and back: cty values for library functions, the types that variables declare,
// JSON texts and the decoded JSON of a plan. In go values, out come values; what cannot be represented is unknown.
package convert

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// ToCty gives a function what it can use: whatever has an unknown part that cty cannot hold becomes unknown as a whole.
// Numbers too large to write out become unknown too, so that no function can be made to.
func ToCty(v value.Value) cty.Value {
	switch v.Kind() {
	case value.Null:
		return cty.NullVal(cty.DynamicPseudoType)
	case value.Bool:
		b, _ := v.Bool()
		return cty.BoolVal(b)
	case value.Number:
		if f := value.Big(v); f != nil {
			return cty.NumberVal(f)
		}
		return cty.UnknownVal(cty.Number)
	case value.String:
		if s, ok := v.Str(); ok {
			return cty.StringVal(s)
		}
		return cty.UnknownVal(cty.String)
	case value.List:
		if v.Partial() {
			return cty.DynamicVal
		}
		elems := make([]cty.Value, v.Len())
		for i, e := range v.Elems() {
			elems[i] = ToCty(e)
		}
		if v.FromSet() && len(elems) > 0 && cty.CanSetVal(elems) {
			return cty.SetVal(elems)
		}
		switch {
		case v.Typed() && len(elems) > 0 && len(elems) <= manyElems && cty.CanListVal(elems):
			return cty.ListVal(elems)
		case len(elems) <= manyElems:
		case alike(elems):
			return cty.ListVal(elems)
		case len(elems) > maxMixed:
			return cty.DynamicVal
		}
		return cty.TupleVal(elems)
	case value.Map:
		if v.Partial() {
			return cty.DynamicVal
		}
		attrs := make(map[string]cty.Value, v.Len())
		vals := make([]cty.Value, 0, v.Len())
		v.Each(func(k string, e value.Value) {
			attrs[k] = ToCty(e)
			vals = append(vals, attrs[k])
		})
		switch {
		case v.Typed() && len(vals) > 0 && len(vals) <= manyElems && cty.CanMapVal(attrs):
			return cty.MapVal(attrs)
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

// FromCty converts a result; refs say where its unknown parts would come from.
func FromCty(v cty.Value, refs []value.Ref) value.Value {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown():
		return value.UnknownValue(refs...)
	case v.IsNull():
		return value.NullValue()
	}
	ty := v.Type()
	switch {
	case ty == cty.String:
		return value.StringValue(v.AsString())
	case ty == cty.Bool:
		return value.BoolValue(v.True())
	case ty == cty.Number:
		if f := v.AsBigFloat(); !f.IsInf() { // which nothing can be made of
			return value.NumberValue(f)
		}
		return value.UnknownValue(refs...)
	case ty.IsListType(), ty.IsTupleType(), ty.IsSetType():
		elems := make([]value.Value, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			elems = append(elems, FromCty(e, refs))
		}
		switch {
		case ty.IsSetType():
			return value.ListValue(elems).AsSet()
		case ty.IsListType():
			return value.ListValue(elems).AsList()
		}
		return value.ListValue(elems)
	case ty.IsMapType(), ty.IsObjectType():
		b := value.NewMap(v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			b.Set(k.AsString(), FromCty(e, refs))
		}
		if ty.IsMapType() {
			return b.Value().AsMap()
		}
		return b.Value()
	}
	return value.UnknownValue(refs...)
}
