package functions

import (
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// affix decides startswith and endswith as far as the known end of the text reaches.
func affix(test func(c, affix string) bool, known func([]string) string) native {
	return func(c *Caller, a []value.Value) value.Value {
		if len(a) != 2 {
			return c.Fail()
		}
		want, ok := a[1].Str()
		parts := a[0].Parts()
		if !ok || parts == nil {
			return unknownOrFail(c, a)
		}
		if have := known(parts); test(have, want) || len(parts) == 1 {
			return value.BoolValue(test(have, want))
		} else if have != "" && !test(want, have) {
			return value.BoolValue(false)
		}
		return value.UnknownValue(ArgRefs(a)...)
	}
}

func strcontains(c *Caller, a []value.Value) value.Value {
	if len(a) != 2 {
		return c.Fail()
	}
	want, ok := a[1].Str()
	parts := a[0].Parts()
	if !ok || parts == nil {
		return unknownOrFail(c, a)
	}
	for _, p := range parts {
		if strings.Contains(p, want) {
			return value.BoolValue(true)
		}
	}
	if len(parts) > 1 {
		return value.UnknownValue(ArgRefs(a)...)
	}
	return value.BoolValue(false)
}
