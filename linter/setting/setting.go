// Package setting reads the literals of a configuration file. In goes an expression and a value of the wanted type, out comes the literal or
// what is wrong with it.
package setting

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Like reads a literal of the type that the default has.
func Like(e hcl.Expression, def any) (any, error) {
	switch d := def.(type) {
	case bool:
		return Literal(e, d)
	case int:
		return Literal(e, d)
	case float64:
		return Literal(e, d)
	case string:
		return Literal(e, d)
	case []string:
		return Literal(e, d)
	case map[string]string:
		return Literal(e, d)
	case map[string][]string:
		return Literal(e, d)
	}
	return nil, fmt.Errorf("settings of type %T are not supported", def)
}

// Literal reads a literal of a type: bool, int, float64, string, []string, map[string]string or map[string][]string. The second argument only
// tells the type.
func Literal[T any](e hcl.Expression, _ T) (T, error) {
	var zero T
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		return zero, errors.New("must be a literal: " + diags[0].Summary)
	}
	// Before the conversion, which takes a minute for a list of 100,000.
	if n := elements(v); n > maxSetting {
		return zero, fmt.Errorf("has %d elements, the limit is %d", n, maxSetting)
	}
	want := map[string]cty.Type{"bool": cty.Bool, "int": cty.Number, "float64": cty.Number, "string": cty.String, "[]string": cty.List(cty.String),
		"map[string]string": cty.Map(cty.String), "map[string][]string": cty.Map(cty.List(cty.String))}[fmt.Sprintf("%T", zero)]
	v, err := convert.Convert(v, want)
	if err != nil || v.IsNull() || !v.IsWhollyKnown() {
		return zero, fmt.Errorf("must be a %s", want.FriendlyName())
	}
	var out any
	switch any(zero).(type) {
	case bool:
		out = v.True()
	case int:
		f, _ := v.AsBigFloat().Float64()
		if f != float64(int(f)) {
			return zero, errors.New("must be a whole number")
		}
		out = int(f)
	case float64:
		out, _ = v.AsBigFloat().Float64()
	case string:
		out = v.AsString()
	case []string:
		out, err = stringsOf(v)
	case map[string]string:
		m := map[string]string{}
		for k, e := range v.AsValueMap() {
			if e.IsNull() {
				return zero, errors.New("must not hold null")
			}
			m[k] = e.AsString()
		}
		out = m
	case map[string][]string:
		m := map[string][]string{}
		for k, e := range v.AsValueMap() {
			if e.IsNull() {
				return zero, errors.New("must not hold null")
			}
			if m[k], err = stringsOf(e); err != nil {
				return zero, err
			}
		}
		out = m
	}
	if err != nil {
		return zero, err
	}
	return out.(T), nil
}

// maxSetting bounds the elements of one setting: rules compare them with each other and with what they find.
const maxSetting = 1000

// elements counts the elements of a collection, those of inner ones included.
func elements(v cty.Value) int {
	if v.IsNull() || !v.CanIterateElements() {
		return 0
	}
	n := v.LengthInt()
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		n += elements(e)
	}
	return n
}

func stringsOf(v cty.Value) ([]string, error) {
	out := []string{}
	for _, e := range v.AsValueSlice() {
		if e.IsNull() {
			return nil, errors.New("must not hold null")
		}
		out = append(out, e.AsString())
	}
	return out, nil
}
