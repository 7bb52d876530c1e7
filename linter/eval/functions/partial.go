package functions

import (
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/budget"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// natives are the functions where a partial value makes a difference, and those that read files.
var natives = map[string]native{
	"merge": merge, "concat": concat, "lookup": lookup, "keys": keys, "values": values, "length": length,
	"contains": contains, "flatten": flatten, "distinct": unary(distinct), "compact": compact, "coalesce": coalesce,
	"toset": unary(convert.ToSet), "tolist": unary(value.Value.AsList), "tomap": unary(same), "tostring": unary(asText),
	"list":             func(_ *Caller, a []value.Value) value.Value { return value.ListValue(a) },
	"jsonencode":       jsonencode,
	"jsondecode":       jsondecode,
	"sensitive":        unary(func(v value.Value) value.Value { return v.Marked(true) }),
	"nonsensitive":     unary(value.Value.Unmarked),
	"ephemeralasnull":  unary(same),
	"issensitive":      func(_ *Caller, a []value.Value) value.Value { return value.BoolValue(len(a) == 1 && a[0].Sensitive()) },
	"alltrue":          quantified(false),
	"anytrue":          quantified(true),
	"one":              one,
	"startswith":       affix(strings.HasPrefix, func(parts []string) string { return parts[0] }),
	"endswith":         affix(strings.HasSuffix, func(parts []string) string { return parts[len(parts)-1] }),
	"strcontains":      strcontains,
	"index":            index,
	"matchkeys":        matchkeys,
	"transpose":        transpose,
	"abspath":          abspath,
	"pathexpand":       pathexpand,
	"file":             fileText,
	"fileexists":       fileExists,
	"fileset":          fileSet,
	"filebase64":       fileDigest("base64"),
	"filemd5":          fileDigest("md5"),
	"filesha1":         fileDigest("sha1"),
	"filesha256":       fileDigest("sha256"),
	"filesha512":       fileDigest("sha512"),
	"filebase64sha256": fileDigest("base64sha256"),
	"filebase64sha512": fileDigest("base64sha512"),
	"timestamp":        unknown, "plantimestamp": unknown, "uuid": unknown, "bcrypt": unknown, "type": unknown, "rsadecrypt": unknown,
}

func unknown(_ *Caller, a []value.Value) value.Value {
	return value.UnknownValue(ArgRefs(a)...)
}

func same(v value.Value) value.Value { return v }

func asText(v value.Value) value.Value {
	if v.Kind() == value.Number || v.Kind() == value.Bool {
		if t, ok := v.Str(); ok {
			return value.StringValue(t)
		}
	}
	return v
}

func unary(f func(value.Value) value.Value) native {
	return func(_ *Caller, a []value.Value) value.Value {
		if len(a) != 1 {
			return value.UnknownValue()
		}
		return f(a[0])
	}
}

func merge(c *Caller, args []value.Value) value.Value {
	n := 0
	for _, a := range args {
		n += a.Len()
	}
	out := value.NewMap(n)
	for _, a := range args {
		switch a.Kind() {
		case value.Null:
		case value.Unknown:
			// What it may overwrite is no longer certain to be shown, but its key is certain to exist.
			out.Unknown(a.Refs())
		case value.Map:
			a.Each(out.Set)
			if a.Partial() {
				out.Unknown(a.Refs())
			}
			c.Spend(a.Len())
		default:
			return c.Fail()
		}
	}
	return out.Value()
}

func concat(c *Caller, args []value.Value) value.Value {
	var out []value.Value
	var refs []value.Ref
	uncertain := false
	for _, a := range args {
		switch a.Kind() {
		case value.List:
			if len(out)+a.Len() > budget.MaxElems {
				return c.Fail()
			}
			out = append(out, a.Elems()...)
		case value.Unknown:
			uncertain = true
		default:
			return c.Fail()
		}
		if a.Partial() {
			uncertain = true
		}
		refs = value.MergeRefs(refs, a.Refs())
	}
	l := value.ListValue(out)
	if uncertain {
		return l.WithPartial(refs...)
	}
	return l
}

func lookup(c *Caller, a []value.Value) value.Value {
	if len(a) < 2 {
		return c.Fail()
	}
	k, ok := a[1].Str()
	if a[0].Kind() == value.Unknown || !ok {
		return value.UnknownValue(ArgRefs(a)...)
	}
	if v := a[0].Get(k); v.Kind() != value.Absent {
		return v
	}
	if len(a) == 3 {
		return a[2]
	}
	return c.Fail()
}

func keys(c *Caller, a []value.Value) value.Value {
	return listOf(c, a, func(m value.Value) []value.Value {
		out := make([]value.Value, m.Len())
		for i, k := range m.Keys() {
			out[i] = value.StringValue(k)
		}
		return out
	})
}

func values(c *Caller, a []value.Value) value.Value {
	return listOf(c, a, func(m value.Value) []value.Value { return m.Vals() })
}

func listOf(c *Caller, a []value.Value, f func(value.Value) []value.Value) value.Value {
	switch {
	case len(a) != 1:
		return c.Fail()
	case a[0].Kind() == value.Unknown:
		return a[0]
	case a[0].Kind() != value.Map:
		return c.Fail()
	}
	l := value.ListValue(f(a[0]))
	if a[0].Partial() {
		return l.WithPartial(a[0].Refs()...)
	}
	return l
}

func length(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 {
		return c.Fail()
	}
	if a[0].Kind() == value.Unknown || a[0].Partial() {
		return value.UnknownValue(a[0].Refs()...)
	}
	switch a[0].Kind() {
	case value.List, value.Map:
		return value.IntValue(a[0].Len())
	}
	return c.callCty(library()["length"], a)
}

func contains(c *Caller, a []value.Value) value.Value {
	if len(a) != 2 {
		return c.Fail()
	}
	if a[0].Kind() == value.Unknown {
		return value.UnknownValue(a[0].Refs()...)
	}
	certain := !a[0].Partial()
	for _, e := range a[0].Elems() {
		eq, known := value.LooseEqual(e, a[1])
		if eq && known {
			return value.BoolValue(true)
		}
		certain = certain && known
	}
	if !certain {
		return value.UnknownValue(ArgRefs(a)...)
	}
	return value.BoolValue(false)
}

func flatten(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 || a[0].Kind() != value.List {
		return unknownOrFail(c, a)
	}
	var out []value.Value
	var refs []value.Ref
	uncertain := false
	var walk func(v value.Value, depth int)
	walk = func(v value.Value, depth int) {
		if v.Partial() {
			uncertain, refs = true, value.MergeRefs(refs, v.Refs())
		}
		for _, e := range v.Elems() {
			if !c.Spend(1) || depth > 100 {
				return
			}
			switch {
			case e.Kind() == value.List:
				walk(e, depth+1)
			case e.Kind() == value.Unknown: // one element or many
				uncertain, refs = true, value.MergeRefs(refs, e.Refs())
				out = append(out, e)
			default:
				out = append(out, e)
			}
		}
	}
	walk(a[0], 0)
	l := value.ListValue(out)
	if uncertain {
		return l.WithPartial(refs...)
	}
	return l
}

func unknownOrFail(c *Caller, a []value.Value) value.Value {
	for _, v := range a {
		if v.Kind() == value.Unknown || v.Partial() {
			return value.UnknownValue(ArgRefs(a)...)
		}
	}
	return c.Fail()
}

// distinct removes duplicates and keeps the order.
func distinct(v value.Value) value.Value {
	if v.Kind() != value.List {
		return v
	}
	seen := map[string]bool{}
	var out []value.Value
	for _, e := range v.Elems() {
		if k := value.Canonical(e); !seen[k] || !e.IsKnown() {
			seen[k] = true
			out = append(out, e)
		}
	}
	l := value.ListValue(out)
	if v.Partial() {
		return l.WithPartial(v.Refs()...)
	}
	return l
}

func compact(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 || a[0].Kind() != value.List {
		return unknownOrFail(c, a)
	}
	var out []value.Value
	for _, e := range a[0].Elems() {
		if t, ok := e.Str(); e.Kind() == value.Null || ok && t == "" {
			continue
		}
		out = append(out, e)
	}
	l := value.ListValue(out)
	if a[0].Partial() {
		return l.WithPartial(a[0].Refs()...)
	}
	return l
}

func coalesce(c *Caller, a []value.Value) value.Value {
	for i, v := range a {
		if v.Kind() == value.Unknown {
			return value.UnknownValue(ArgRefs(a[i:])...)
		}
		if t, ok := v.Str(); v.Kind() == value.Null || ok && t == "" && v.Kind() == value.String {
			continue
		}
		return v
	}
	return c.Fail()
}

func jsonencode(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 {
		return c.Fail()
	}
	if a[0].Kind() == value.Unknown {
		return a[0]
	}
	return value.JSONValue(a[0], &c.Holes)
}

func jsondecode(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 {
		return c.Fail()
	}
	v, err := convert.ParseJSON(a[0])
	if err != nil {
		return c.Fail()
	}
	return v
}

// quantified is alltrue, which one false decides, or anytrue, which one true decides.
func quantified(decides bool) native {
	return func(c *Caller, a []value.Value) value.Value {
		if len(a) != 1 || a[0].Kind() != value.List {
			return unknownOrFail(c, a)
		}
		certain := !a[0].Partial()
		for _, e := range a[0].Elems() {
			b, ok := e.Bool()
			if ok && b == decides {
				return value.BoolValue(decides)
			}
			certain = certain && ok
		}
		if !certain {
			return value.UnknownValue(a[0].AllRefs()...)
		}
		return value.BoolValue(!decides)
	}
}

func one(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 || a[0].Kind() != value.List || a[0].Partial() {
		return unknownOrFail(c, a)
	}
	switch a[0].Len() {
	case 0:
		return value.NullValue()
	case 1:
		return a[0].Elems()[0]
	}
	return c.Fail()
}

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

func index(c *Caller, a []value.Value) value.Value {
	if len(a) != 2 || a[0].Kind() != value.List {
		return unknownOrFail(c, a)
	}
	for i, e := range a[0].Elems() {
		eq, known := value.LooseEqual(e, a[1])
		if !known {
			return value.UnknownValue(ArgRefs(a)...)
		}
		if eq {
			return value.IntValue(i)
		}
	}
	return unknownOrFail(c, a)
}

func matchkeys(c *Caller, a []value.Value) value.Value {
	if len(a) != 3 || a[0].Len() != a[1].Len() {
		return unknownOrFail(c, a)
	}
	if unknownIn(a) {
		return value.UnknownValue(ArgRefs(a)...)
	}
	var out []value.Value
	for i, k := range a[1].Elems() {
		for _, w := range a[2].Elems() {
			if eq, _ := value.LooseEqual(k, w); eq {
				out = append(out, a[0].Elems()[i])
				break
			}
		}
	}
	return value.ListValue(out)
}

func unknownIn(a []value.Value) bool {
	for _, v := range a {
		if !v.IsKnown() {
			return true
		}
	}
	return false
}

func transpose(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 || a[0].Kind() != value.Map || unknownIn(a) {
		return unknownOrFail(c, a)
	}
	turned := map[string][]string{}
	a[0].Each(func(k string, l value.Value) {
		for _, e := range l.Strings() {
			turned[e] = append(turned[e], k)
		}
	})
	out := value.NewMap(len(turned))
	for _, k := range slices.Sorted(maps.Keys(turned)) {
		sort.Strings(turned[k])
		elems := make([]value.Value, len(turned[k]))
		for i, t := range turned[k] {
			elems[i] = value.StringValue(t)
		}
		out.Set(k, value.ListValue(elems))
	}
	return out.Value()
}

func abspath(c *Caller, a []value.Value) value.Value {
	p, ok := pathArg(a)
	if !ok {
		return unknownOrFail(c, a)
	}
	if path.IsAbs(p) {
		return value.StringValue(path.Clean(p))
	}
	return value.StringValue(c.Files.Abs(path.Join(c.Dir, p)))
}

func pathexpand(c *Caller, a []value.Value) value.Value {
	p, ok := pathArg(a)
	if !ok || strings.HasPrefix(p, "~") { // the home directory is outside the root
		return value.UnknownValue(ArgRefs(a)...)
	}
	return value.StringValue(p)
}

func pathArg(a []value.Value) (string, bool) {
	if len(a) == 0 {
		return "", false
	}
	return a[0].Str()
}
