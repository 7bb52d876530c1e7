package functions

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

func asText(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.Number, value.Bool:
		t, ok := v.Str()
		if !ok {
			return value.UnknownValue(), true
		}
		return value.StringValue(t), true
	case value.List, value.Map:
		return v, false
	}
	return v, true
}

func asNumber(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.String:
		if v.Partial() {
			return value.UnknownValue(v.Refs()...), true
		}
		t, _ := v.Str()
		n, err := cty.ParseNumberVal(t)
		if err != nil {
			return v, false
		}
		return convert.FromCty(n, nil).WithSource(v.Source()), true
	case value.Bool, value.List, value.Map:
		return v, false
	}
	return v, true
}

func asBool(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.String:
		if v.Partial() {
			return value.UnknownValue(v.Refs()...), true
		}
		b, ok := v.Bool()
		return value.BoolValue(b).WithSource(v.Source()), ok
	case value.Number, value.List, value.Map:
		return v, false
	}
	return v, true
}

// converted is a function of one argument that fails for what it cannot convert.
func converted(f func(value.Value) (value.Value, bool)) native {
	return func(c *Caller, a []value.Value) value.Value {
		if len(a) != 1 {
			return c.Fail()
		}
		c.Spend(a[0].Len())
		if v, ok := f(a[0]); ok {
			return v
		}
		return c.Fail()
	}
}
