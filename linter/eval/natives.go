package eval

import (
	"path"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/functions"
)

// natives are the functions where a partial value makes a difference, and those that read files.
var natives = map[string]native{
	"merge": merge, "concat": concat, "lookup": lookup, "keys": keys, "values": values, "length": length,
	"contains": contains, "flatten": flatten, "distinct": func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
		return unary(a, toSetOrder)
	},
	"compact": compact, "coalesce": coalesce,
	"toset":  func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return unary(a, toSet) },
	"tolist": func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return unary(a, asList) },
	"tomap":  func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return unary(a, same) },
	"list":   func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return ListValue(a) },
	"tostring": func(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
		return unary(a, func(v Value) Value {
			if v.kind == Number || v.kind == Bool {
				if t, ok := v.Str(); ok {
					return StringValue(t)
				}
			}
			return v
		})
	},
	"jsonencode":      jsonencode,
	"jsondecode":      jsondecode,
	"sensitive":       marked(func(v *Value) { v.flags |= sensitive }),
	"nonsensitive":    marked(func(v *Value) { v.flags &^= sensitive }),
	"ephemeralasnull": marked(func(*Value) {}),
	"issensitive": func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
		return BoolValue(len(a) == 1 && a[0].Sensitive())
	},
	"alltrue":          func(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return quantified(s, a, false) },
	"anytrue":          func(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return quantified(s, a, true) },
	"one":              one,
	"startswith":       affix(strings.HasPrefix, func(parts []string) string { return parts[0] }),
	"endswith":         affix(strings.HasSuffix, func(parts []string) string { return parts[len(parts)-1] }),
	"strcontains":      strcontains,
	"index":            index,
	"matchkeys":        matchkeys,
	"transpose":        transpose,
	"abspath":          func(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value { return abspath(s, a) },
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

func unknown(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	return UnknownValue(argRefs(a)...)
}

func same(v Value) Value { return v }

func asList(v Value) Value { v.flags &^= isSet; return v }

func unary(a []Value, f func(Value) Value) Value {
	if len(a) != 1 {
		return UnknownValue()
	}
	return f(a[0])
}

func marked(set func(*Value)) native {
	return func(_ *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
		return unary(a, func(v Value) Value { set(&v); return v })
	}
}

func merge(s *scope, _ *hclsyntax.FunctionCallExpr, args []Value) Value {
	n := 0
	for _, a := range args {
		n += a.Len()
	}
	out := newMap(n)
	for _, a := range args {
		switch a.kind {
		case Null:
		case Unknown:
			// What it may overwrite is no longer certain to be shown, but its key is certain to exist.
			out.unknown(a.Refs())
		case Map:
			o := a.data.(*object)
			for i, k := range o.keys {
				out.set(k, o.vals[i])
			}
			if a.Partial() {
				out.unknown(o.refs)
			}
			s.step(len(o.keys))
		default:
			return s.fail()
		}
	}
	return out.value()
}

func concat(s *scope, _ *hclsyntax.FunctionCallExpr, args []Value) Value {
	var out []Value
	var refs []Ref
	uncertain := false
	for _, a := range args {
		switch a.kind {
		case List:
			if len(out)+a.Len() > maxElems {
				return s.fail()
			}
			out = append(out, a.Elems()...)
		case Unknown:
			uncertain = true
		default:
			return s.fail()
		}
		if a.Partial() {
			uncertain = true
		}
		refs = mergeRefs(refs, a.Refs())
	}
	l := ListValue(out)
	if uncertain {
		return l.WithPartial(refs...)
	}
	return l
}

func lookup(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) < 2 {
		return s.fail()
	}
	k, ok := a[1].Str()
	if a[0].kind == Unknown || !ok {
		return UnknownValue(argRefs(a)...)
	}
	if v := a[0].Get(k); v.kind != Absent {
		return v
	}
	if len(a) == 3 {
		return a[2]
	}
	return s.fail()
}

func keys(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	return listOf(s, a, func(m Value) []Value {
		out := make([]Value, m.Len())
		for i, k := range m.Keys() {
			out[i] = StringValue(k)
		}
		return out
	})
}

func values(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	return listOf(s, a, func(m Value) []Value { return m.data.(*object).vals })
}

func listOf(s *scope, a []Value, f func(Value) []Value) Value {
	switch {
	case len(a) != 1:
		return s.fail()
	case a[0].kind == Unknown:
		return a[0]
	case a[0].kind != Map:
		return s.fail()
	}
	l := ListValue(f(a[0]))
	if a[0].Partial() {
		return l.WithPartial(a[0].Refs()...)
	}
	return l
}

func length(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 {
		return s.fail()
	}
	if a[0].kind == Unknown || a[0].Partial() {
		return UnknownValue(a[0].Refs()...)
	}
	switch a[0].kind {
	case List, Map:
		return IntValue(a[0].Len())
	}
	return s.callCty(functions.All()["length"], a)
}

func contains(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 2 {
		return s.fail()
	}
	if a[0].kind == Unknown {
		return UnknownValue(a[0].Refs()...)
	}
	certain := !a[0].Partial()
	for _, e := range a[0].Elems() {
		eq, known := looseEqual(e, a[1])
		if eq && known {
			return BoolValue(true)
		}
		certain = certain && known
	}
	if !certain {
		return UnknownValue(argRefs(a)...)
	}
	return BoolValue(false)
}

func flatten(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 || a[0].kind != List {
		return unknownOrFail(s, a)
	}
	var out []Value
	var refs []Ref
	uncertain := false
	var walk func(v Value, depth int)
	walk = func(v Value, depth int) {
		if v.Partial() {
			uncertain, refs = true, mergeRefs(refs, v.Refs())
		}
		for _, e := range v.Elems() {
			if !s.step(1) || depth > 100 {
				return
			}
			switch {
			case e.kind == List:
				walk(e, depth+1)
			case e.kind == Unknown: // one element or many
				uncertain, refs = true, mergeRefs(refs, e.Refs())
				out = append(out, e)
			default:
				out = append(out, e)
			}
		}
	}
	walk(a[0], 0)
	l := ListValue(out)
	if uncertain {
		return l.WithPartial(refs...)
	}
	return l
}

func unknownOrFail(s *scope, a []Value) Value {
	for _, v := range a {
		if v.kind == Unknown || v.Partial() {
			return UnknownValue(argRefs(a)...)
		}
	}
	return s.fail()
}

// toSetOrder removes duplicates and keeps the order.
func toSetOrder(v Value) Value {
	if v.kind != List {
		return v
	}
	seen := map[string]bool{}
	var out []Value
	for _, e := range v.Elems() {
		if k := canonical(e); !seen[k] || !e.IsKnown() {
			seen[k] = true
			out = append(out, e)
		}
	}
	l := ListValue(out)
	if v.Partial() {
		return l.WithPartial(v.Refs()...)
	}
	return l
}

func compact(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 || a[0].kind != List {
		return unknownOrFail(s, a)
	}
	var out []Value
	for _, e := range a[0].Elems() {
		if t, ok := e.Str(); e.kind == Null || ok && t == "" {
			continue
		}
		out = append(out, e)
	}
	l := ListValue(out)
	if a[0].Partial() {
		return l.WithPartial(a[0].Refs()...)
	}
	return l
}

func coalesce(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	for i, v := range a {
		if v.kind == Unknown {
			return UnknownValue(argRefs(a[i:])...)
		}
		if t, ok := v.Str(); v.kind == Null || ok && t == "" && v.kind == String {
			continue
		}
		return v
	}
	return s.fail()
}

func jsonencode(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 {
		return s.fail()
	}
	if a[0].kind == Unknown {
		return a[0]
	}
	return jsonValue(a[0], &s.m.root.holes)
}

func jsondecode(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 {
		return s.fail()
	}
	v, err := a[0].JSON()
	if err != nil {
		return s.fail()
	}
	return v
}

func quantified(s *scope, a []Value, decides bool) Value {
	if len(a) != 1 || a[0].kind != List {
		return unknownOrFail(s, a)
	}
	certain := !a[0].Partial()
	for _, e := range a[0].Elems() {
		b, ok := e.Bool()
		if ok && b == decides {
			return BoolValue(decides)
		}
		certain = certain && ok
	}
	if !certain {
		return UnknownValue(a[0].allRefs()...)
	}
	return BoolValue(!decides)
}

func one(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 || a[0].kind != List || a[0].Partial() {
		return unknownOrFail(s, a)
	}
	switch a[0].Len() {
	case 0:
		return NullValue()
	case 1:
		return a[0].Elems()[0]
	}
	return s.fail()
}

// affix decides startswith and endswith as far as the known end of the text reaches.
func affix(test func(s, affix string) bool, known func([]string) string) native {
	return func(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
		if len(a) != 2 {
			return s.fail()
		}
		want, ok := a[1].Str()
		parts := a[0].Parts()
		if !ok || parts == nil {
			return unknownOrFail(s, a)
		}
		if have := known(parts); test(have, want) || len(parts) == 1 {
			return BoolValue(test(have, want))
		} else if have != "" && !test(want, have) {
			return BoolValue(false)
		}
		return UnknownValue(argRefs(a)...)
	}
}

func strcontains(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 2 {
		return s.fail()
	}
	want, ok := a[1].Str()
	parts := a[0].Parts()
	if !ok || parts == nil {
		return unknownOrFail(s, a)
	}
	for _, p := range parts {
		if strings.Contains(p, want) {
			return BoolValue(true)
		}
	}
	if len(parts) > 1 {
		return UnknownValue(argRefs(a)...)
	}
	return BoolValue(false)
}

func index(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 2 || a[0].kind != List {
		return unknownOrFail(s, a)
	}
	for i, e := range a[0].Elems() {
		eq, known := looseEqual(e, a[1])
		if !known {
			return UnknownValue(argRefs(a)...)
		}
		if eq {
			return IntValue(i)
		}
	}
	return unknownOrFail(s, a)
}

func matchkeys(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 3 || a[0].Len() != a[1].Len() {
		return unknownOrFail(s, a)
	}
	if unknownIn(a) {
		return UnknownValue(argRefs(a)...)
	}
	var out []Value
	for i, k := range a[1].Elems() {
		for _, w := range a[2].Elems() {
			if eq, _ := looseEqual(k, w); eq {
				out = append(out, a[0].Elems()[i])
				break
			}
		}
	}
	return ListValue(out)
}

func unknownIn(a []Value) bool {
	for _, v := range a {
		if !v.IsKnown() {
			return true
		}
	}
	return false
}

func transpose(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 1 || a[0].kind != Map || unknownIn(a) {
		return unknownOrFail(s, a)
	}
	turned := map[string][]string{}
	a[0].Each(func(k string, l Value) {
		for _, e := range l.Strings() {
			turned[e] = append(turned[e], k)
		}
	})
	out := newMap(len(turned))
	for _, k := range sortedKeys(turned) {
		sort.Strings(turned[k])
		elems := make([]Value, len(turned[k]))
		for i, t := range turned[k] {
			elems[i] = StringValue(t)
		}
		out.set(k, ListValue(elems))
	}
	return out.value()
}

func abspath(s *scope, a []Value) Value {
	p, ok := pathArg(a)
	if !ok {
		return unknownOrFail(s, a)
	}
	if path.IsAbs(p) {
		return StringValue(path.Clean(p))
	}
	return StringValue(s.m.root.loader.Abs(path.Join(s.m.root.Dir, p)))
}

func pathexpand(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	p, ok := pathArg(a)
	if !ok || strings.HasPrefix(p, "~") { // the home directory is outside the root
		return UnknownValue(argRefs(a)...)
	}
	return StringValue(p)
}

func pathArg(a []Value) (string, bool) {
	if len(a) == 0 {
		return "", false
	}
	return a[0].Str()
}
