package convert

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// FromJSON converts a decoded JSON value; unknown and secret mirror it where parts are unknown or sensitive.
func FromJSON(v, unknown, secret any, ref *value.Ref) value.Value {
	if b, ok := unknown.(bool); ok && b {
		if ref != nil {
			return value.UnknownValue(*ref)
		}
		return value.UnknownValue()
	}
	isSecret, _ := secret.(bool)
	return plainJSON(v, unknown, secret, ref).Marked(isSecret)
}

func plainJSON(v, unknown, secret any, ref *value.Ref) value.Value {
	part := func(x any, key string, i int) any {
		switch x := x.(type) {
		case map[string]any:
			return x[key]
		case []any:
			if i < len(x) {
				return x[i]
			}
		}
		return nil
	}
	inner := func(key string) *value.Ref {
		if ref == nil {
			return nil
		}
		r := *ref
		r.Path = value.JoinPath(r.Path, key)
		return &r
	}
	switch v := v.(type) {
	case bool:
		return value.BoolValue(v)
	case string:
		return value.StringValue(v)
	case json.Number:
		if f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven); err == nil {
			return value.NumberValue(f)
		}
		return value.UnknownValue()
	case []any:
		out := make([]value.Value, len(v))
		for i, e := range v {
			out[i] = FromJSON(e, part(unknown, "", i), part(secret, "", i), ref)
		}
		return value.ListValue(out)
	case map[string]any:
		b := value.NewMap(len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.Set(k, FromJSON(v[k], part(unknown, k, 0), part(secret, k, 0), inner(k)))
		}
		if u, ok := unknown.(map[string]any); ok {
			for _, k := range slices.Sorted(maps.Keys(u)) {
				if _, ok := v[k]; !ok {
					if e := FromJSON(nil, u[k], nil, inner(k)); e.Kind() == value.Unknown {
						b.Set(k, e)
					}
				}
			}
		}
		return b.Value()
	}
	return value.NullValue()
}
