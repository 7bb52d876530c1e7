package functions

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/budget"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// natives are the functions where a partial value makes a difference, and those that read files.
var natives = map[string]native{
	"merge": merge, "concat": concat, "lookup": lookup, "keys": keys, "values": values, "length": length,
	"contains": contains, "flatten": flatten, "distinct": converted(distinct), "compact": compact, "coalesce": coalesce,
	"toset": converted(convert.ToSet), "tolist": converted(convert.ToList), "tomap": converted(convert.ToMap), "tostring": converted(asText),
	"tonumber": converted(asNumber), "tobool": converted(asBool),
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
	out, isTyped := value.NewMap(n), len(args) > 0
	for _, a := range args {
		isTyped = isTyped && a.Typed()
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
	if isTyped {
		return out.Value().AsMap()
	}
	return out.Value()
}

func concat(c *Caller, args []value.Value) value.Value {
	var out []value.Value
	var refs []value.Ref
	uncertain, isTyped := false, true
	if len(args) == 0 {
		return c.Fail()
	}
	for _, a := range args {
		switch a.Kind() {
		case value.List:
			if a.FromSet() || len(out)+a.Len() > budget.MaxElems {
				return c.Fail()
			}
			isTyped = isTyped && a.Typed()
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
	if isTyped {
		l = l.AsList()
	}
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
	if a[0].Kind() != value.Map {
		return c.Fail()
	}
	v := a[0].Get(k)
	if len(a) < 3 {
		if v.Kind() == value.Absent {
			return c.Fail()
		}
		return v
	}
	fallback := a[2]
	if a[0].Typed() && a[0].Len() > 0 { // the default has the type of the elements
		ty, ok := convert.Common(append(slices.Clone(a[0].Vals()), fallback))
		if !ok {
			return c.Fail()
		}
		if vals := a[0].Vals(); ty == cty.String && vals[0].Kind() != value.String {
			return c.Fail()
		}
		fallback = convert.ToType(fallback, ty, nil)
	}
	if v.Kind() == value.Absent {
		return fallback
	}
	return v
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
	if a[0].Typed() {
		l = l.AsList()
	}
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
	if a[0].Kind() != value.List || a[1].Kind() == value.Null {
		return c.Fail()
	}
	certain := !a[0].Partial()
	for _, e := range a[0].Elems() {
		eq, known := value.Same(e, a[1])
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
func distinct(v value.Value) (value.Value, bool) {
	if v.Kind() == value.Unknown {
		return v, true
	}
	v, ok := convert.ToList(v)
	if !ok || v.Kind() != value.List {
		return v, false
	}
	seen := map[string]bool{}
	var out []value.Value
	for _, e := range v.Elems() {
		if k := value.Canonical(e); !seen[k] || !e.IsKnown() {
			seen[k] = true
			out = append(out, e)
		}
	}
	l := value.ListValue(out).AsList()
	if v.Partial() {
		return l.WithPartial(v.Refs()...), true
	}
	return l, true
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
		if e.Kind() == value.List || e.Kind() == value.Map {
			return c.Fail()
		}
		out = append(out, convert.ToType(e, cty.String, nil))
	}
	l := value.ListValue(out).AsList()
	if a[0].Partial() {
		return l.WithPartial(a[0].Refs()...)
	}
	return l
}

func coalesce(c *Caller, a []value.Value) value.Value {
	ty, ok := convert.Common(a)
	if !ok {
		return c.Fail()
	}
	for i, v := range a {
		if v.Kind() == value.Unknown {
			return value.UnknownValue(ArgRefs(a[i:])...)
		}
		if t, ok := v.Str(); v.Kind() == value.Null || ok && t == "" && v.Kind() == value.String {
			continue
		}
		return convert.ToType(v, ty, nil)
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
	return value.JSONValue(a[0], &c.Holes).Marked(a[0].HoldsSensitive())
}

func jsondecode(c *Caller, a []value.Value) value.Value {
	if len(a) != 1 {
		return c.Fail()
	}
	if _, made := a[0].Encoded(); !made { // the parser passes over commas, as templates leave them
		if text, ok := a[0].Str(); ok && !json.Valid([]byte(text)) {
			return c.Fail()
		}
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
			switch {
			case e.Kind() == value.Null: // alltrue takes null for false, anytrue passes over it
				b, ok = false, true
			case !ok && e.IsKnown():
				return c.Fail()
			}
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

func index(c *Caller, a []value.Value) value.Value {
	if len(a) != 2 || a[0].Kind() != value.List {
		return unknownOrFail(c, a)
	}
	for i, e := range a[0].Elems() {
		eq, known := value.Same(e, a[1])
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
	ty, ok := convert.Common(append(slices.Clone(a[1].Elems()), a[2].Elems()...))
	if !ok {
		return c.Fail()
	}
	var out []value.Value
	for i, k := range a[1].Elems() {
		for _, w := range a[2].Elems() {
			if eq, _ := value.Same(convert.ToType(k, ty, nil), convert.ToType(w, ty, nil)); eq {
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
	turned, lists := map[string][]string{}, true
	a[0].Each(func(k string, l value.Value) {
		lists = lists && l.Kind() == value.List
		for _, e := range l.Strings() {
			turned[e] = append(turned[e], k)
		}
	})
	if !lists {
		return c.Fail()
	}
	out := value.NewMap(len(turned))
	for _, k := range slices.Sorted(maps.Keys(turned)) {
		sort.Strings(turned[k])
		elems := make([]value.Value, len(turned[k]))
		for i, t := range turned[k] {
			elems[i] = value.StringValue(t)
		}
		out.Set(k, value.ListValue(elems).AsList())
	}
	return out.Value().AsMap()
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
