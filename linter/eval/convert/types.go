package convert

import (
	"maps"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"

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
		return v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty.ElementType(), child(def, "")) })
	case ty.IsListType() && v.Kind() == value.List:
		return v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty.ElementType(), child(def, "")) }).AsList()
	case ty.IsSetType() && v.Kind() == value.List:
		return ToSet(v.Mapped(func(_ string, e value.Value) value.Value { return ToType(e, ty.ElementType(), child(def, "")) }))
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

// ToSet removes duplicates and sorts strings, as iteration over a set does.
func ToSet(v value.Value) value.Value {
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
