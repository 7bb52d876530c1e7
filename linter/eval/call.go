package eval

import (
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/functions"
)

// native is a function that understands partial values. Arguments are evaluated; refs of unknown results are the caller's.
type native func(s *scope, e *hclsyntax.FunctionCallExpr, args []Value) Value

// call evaluates a function call: try and can see expressions, natives see partial values, and every other function of
// Terraform sees cty values, in which a partial value is unknown.
func (s *scope) call(e *hclsyntax.FunctionCallExpr) Value {
	name := strings.TrimPrefix(e.Name, "core::")
	switch name {
	case "try":
		return s.try(e)
	case "can":
		return s.can(e)
	}
	args := make([]Value, 0, len(e.Args))
	var fl flags
	for i, a := range e.Args {
		v := s.eval(a)
		fl |= v.flags
		if !e.ExpandFinal || i < len(e.Args)-1 {
			args = append(args, v)
			continue
		}
		if v.kind != List {
			args = append(args, UnknownValue(v.Refs()...))
			if v.kind != Unknown {
				return s.fail()
			}
			continue
		}
		args = append(args, v.Elems()...)
		if v.Partial() {
			args = append(args, UnknownValue(v.Refs()...))
		}
	}
	if !s.step(len(args)) {
		return UnknownValue()
	}
	switch name { // these evaluate, so the table cannot hold them
	case "templatefile":
		return templateFile(s, e, args).with(fl)
	case "templatestring":
		return templateString(s, e, args).with(fl)
	}
	if v, ok := s.spread(func(args []Value) Value { return s.apply(e, name, args, fl) }, name, args); ok {
		return v
	}
	return s.apply(e, name, args, fl)
}

// apply calls a function that needs nothing but its arguments.
func (s *scope) apply(e *hclsyntax.FunctionCallExpr, name string, args []Value, fl flags) Value {
	if f, ok := natives[name]; ok {
		if name == "nonsensitive" || name == "issensitive" {
			fl = 0
		}
		return f(s, e, args).with(fl)
	}
	if strings.HasPrefix(name, "provider::") {
		return UnknownValue(argRefs(args)...)
	}
	f, ok := functions.All()[name]
	if !ok {
		return s.fail()
	}
	if !s.affordable(name, args) {
		return s.tooBig(e.Range(), "result of "+name)
	}
	if carriesHoles[name] && anyPartialText(args) {
		return s.callWithHoles(name, f, args).with(fl)
	}
	return s.callCty(f, args).with(fl)
}

func argRefs(args []Value) []Ref {
	var refs []Ref
	for _, a := range args {
		refs = mergeRefs(refs, a.allRefs())
	}
	return refs
}

// callCty calls a library function. A wrong call is a failure, for try; everything unknown keeps its references.
func (s *scope) callCty(f function.Function, args []Value) (out Value) {
	vals := make([]cty.Value, len(args))
	for i, a := range args {
		vals[i] = toCty(a)
		s.step(size(a))
	}
	defer func() {
		if recover() != nil { // a library function that panics on odd arguments is a wrong call
			out = s.fail()
		}
	}()
	vals, ok := functions.ConvertArgs(f, vals)
	if !ok {
		return s.fail()
	}
	v, err := f.Call(vals)
	if err != nil {
		return s.fail()
	}
	var refs []Ref
	if !v.IsWhollyKnown() {
		refs = argRefs(args)
	}
	out = fromCty(v, refs)
	s.step(size(out))
	return out
}

// size estimates the work of copying a value.
func size(v Value) int {
	switch v.kind {
	case List, Map:
		n := 1
		v.Each(func(_ string, e Value) { n += size(e) })
		return n
	case String:
		if s, ok := v.data.(string); ok {
			return 1 + len(s)/64
		}
	}
	return 1
}

// boundedVerbs reports a format whose verbs pad to less than 10,000 characters. What stands between verbs may be any text: an ARN, a star.
func boundedVerbs(format string) bool {
	for {
		_, verb, ok := strings.Cut(format, "%")
		if !ok {
			return true
		}
		digits := 0
		end := strings.IndexFunc(verb, func(r rune) bool {
			switch {
			case '0' <= r && r <= '9':
				digits++
			case r == '*':
				digits = 5
			case strings.ContainsRune("+-# .[]", r):
				digits = 0
			default:
				return true
			}
			return digits > 4
		})
		if digits > 4 {
			return false
		}
		if end < 0 {
			return true
		}
		_, n := utf8.DecodeRuneInString(verb[end:])
		format = verb[end+n:]
	}
}

// affordable refuses calls whose result would be far larger than any configuration needs.
func (s *scope) affordable(name string, args []Value) bool {
	switch name {
	case "setproduct":
		n := 1
		for _, a := range args {
			n *= max(a.Len(), 1)
			if n > maxElems {
				return false
			}
		}
	case "format", "formatlist":
		if len(args) > 0 {
			f, _ := args[0].Pattern("")
			return boundedVerbs(f)
		}
	case "indent":
		if len(args) > 0 {
			if n, ok := args[0].Int(); ok && n > 1000 {
				return false
			}
		}
	case "replace":
		if len(args) == 3 {
			a, _ := args[0].Pattern("")
			b, _ := args[1].Pattern("")
			c, _ := args[2].Pattern("")
			return s.replaceable(a, b, c)
		}
	case "regex", "regexall":
		if len(args) == 2 {
			a, _ := args[0].Pattern("")
			b, _ := args[1].Pattern("")
			// Every byte may be a match by itself.
			return s.matchable(a, b) && (name == "regex" || len(b) <= maxElems)
		}
	case "join":
		if len(args) > 1 {
			sep, _ := args[0].Pattern("")
			n := 0
			for _, a := range args[1:] {
				for _, e := range a.Elems() {
					t, _ := e.Pattern("")
					n += len(t) + len(sep)
				}
			}
			return n <= maxString
		}
	case "yamldecode":
		if len(args) == 1 { // aliases expand exponentially
			t, _ := args[0].Str()
			return strings.Count(t, "*") < 64 || !strings.Contains(t, "&")
		}
	}
	return true
}

// carriesHoles names the string functions that treat text the same whatever unknown parts it has.
var carriesHoles = map[string]bool{
	"format": true, "formatlist": true, "join": true, "split": true, "replace": true, "lower": true, "upper": true, "title": true,
	"trimspace": true, "trim": true, "trimprefix": true, "trimsuffix": true, "chomp": true, "indent": true,
	"dirname": true, "basename": true,
}

func anyPartialText(args []Value) bool {
	for _, a := range args {
		if a.kind == Unknown || a.kind == String && a.Partial() {
			return true
		}
		if a.kind == List {
			if a.Partial() || anyPartialText(a.Elems()) {
				return true
			}
		}
	}
	return false
}

func (s *scope) callWithHoles(name string, f function.Function, args []Value) Value {
	tab := &s.m.root.holes
	switch name {
	case "replace":
		if len(args) == 3 {
			if p, ok := args[1].Str(); !ok || len(p) > 1 && p[0] == '/' && p[len(p)-1] == '/' {
				return UnknownValue(argRefs(args)...)
			}
		}
	case "format", "formatlist", "split":
		if len(args) == 0 || args[0].kind != String || args[0].Partial() {
			return UnknownValue(argRefs(args)...)
		}
	}
	filled := make([]Value, len(args))
	uncertain := false
	for i, a := range args {
		filled[i] = fill(a, tab, name == "join")
		uncertain = uncertain || a.kind == List && a.Partial() || name == "split" && i == 1
	}
	out := s.callCty(f, filled)
	if out.kind == Unknown {
		return UnknownValue(argRefs(args)...)
	}
	out = holesIn(out, tab)
	if uncertain && out.kind == List {
		out = out.WithPartial(argRefs(args)...)
	}
	return out
}

// fill makes text with holes look like plain text.
func fill(v Value, tab *holes, lists bool) Value {
	switch v.kind {
	case Unknown, String:
		t, _ := v.holey(tab)
		return StringValue(t)
	case List:
		out := make([]Value, 0, v.Len()+1)
		for _, e := range v.Elems() {
			out = append(out, fill(e, tab, false))
		}
		if lists && v.Partial() {
			out = append(out, StringValue(tab.put(v)))
		}
		return ListValue(out)
	}
	return v
}

// holesIn finds the holes again in a result.
func holesIn(v Value, tab *holes) Value {
	switch v.kind {
	case String:
		if t, ok := v.data.(string); ok {
			return textValue(t, tab)
		}
	case List, Map:
		return v.mapped(func(_ string, e Value) Value { return holesIn(e, tab) })
	}
	return v
}

func (s *scope) try(e *hclsyntax.FunctionCallExpr) Value {
	for _, a := range e.Args {
		before := s.m.root.failures
		v := s.eval(a)
		if s.m.root.failures == before {
			return v
		}
		s.m.root.failures = before
	}
	return s.fail()
}

func (s *scope) can(e *hclsyntax.FunctionCallExpr) Value {
	if len(e.Args) != 1 {
		return s.fail()
	}
	before := s.m.root.failures
	v := s.eval(e.Args[0])
	if s.m.root.failures != before {
		s.m.root.failures = before
		return BoolValue(false)
	}
	if v.kind == Unknown {
		return UnknownValue(v.Refs()...)
	}
	return BoolValue(true)
}
