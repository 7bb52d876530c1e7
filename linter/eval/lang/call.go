package lang

import (
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/functions"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// call evaluates a function call: try and can see expressions, templates are evaluated here, and every other function sees values.
func (s *Scope) call(e *hclsyntax.FunctionCallExpr) value.Value {
	name := strings.TrimPrefix(e.Name, "core::")
	switch name {
	case "try":
		return s.try(e)
	case "can":
		return s.can(e)
	}
	args := make([]value.Value, 0, len(e.Args))
	isSensitive := false
	for i, a := range e.Args {
		v := s.Eval(a)
		isSensitive = isSensitive || v.Sensitive()
		if !e.ExpandFinal || i < len(e.Args)-1 {
			args = append(args, v)
			continue
		}
		if v.Kind() != value.List {
			args = append(args, value.UnknownValue(v.Refs()...))
			if v.Kind() != value.Unknown {
				return s.Fail()
			}
			continue
		}
		args = append(args, v.Elems()...)
		if v.Partial() {
			args = append(args, value.UnknownValue(v.Refs()...))
		}
	}
	if !s.Step(len(args)) {
		return value.UnknownValue()
	}
	switch name { // these evaluate, so the table cannot hold them
	case "templatefile":
		return s.templateFile(e, args).Marked(isSensitive)
	case "templatestring":
		return s.templateString(e, args).Marked(isSensitive)
	}
	return s.in.Work.Call(name, e, args, isSensitive)
}

func (s *Scope) try(e *hclsyntax.FunctionCallExpr) value.Value {
	for _, a := range e.Args {
		before := s.in.Work.Failures
		v := s.Eval(a)
		if s.in.Work.Failures == before {
			return v
		}
		s.in.Work.Failures = before
	}
	return s.Fail()
}

func (s *Scope) can(e *hclsyntax.FunctionCallExpr) value.Value {
	if len(e.Args) != 1 {
		return s.Fail()
	}
	before := s.in.Work.Failures
	v := s.Eval(e.Args[0])
	if s.in.Work.Failures != before {
		s.in.Work.Failures = before
		return value.BoolValue(false)
	}
	if v.Kind() == value.Unknown {
		return value.UnknownValue(v.Refs()...)
	}
	return value.BoolValue(true)
}

func (s *Scope) templateFile(e *hclsyntax.FunctionCallExpr, a []value.Value) value.Value {
	b, name, ok := s.in.Work.ReadArgument(a)
	if !ok || len(a) != 2 || !utf8.Valid(b) {
		return s.in.Work.Unreadable(a)
	}
	return s.render(e, name, b, a[1])
}

func (s *Scope) templateString(e *hclsyntax.FunctionCallExpr, a []value.Value) value.Value {
	switch e.Args[0].(type) {
	case *hclsyntax.ScopeTraversalExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.IndexExpr: // Terraform wants the name of what holds the template
	default:
		return s.Fail()
	}
	if len(a) != 2 {
		return s.Fail()
	}
	t, ok := a[0].Str()
	if !ok {
		return value.UnknownValue(functions.ArgRefs(a)...)
	}
	return s.render(e, "<templatestring>", []byte(t), a[1])
}

// render evaluates a template with nothing in scope but its variables.
func (s *Scope) render(e *hclsyntax.FunctionCallExpr, name string, text []byte, vars value.Value) value.Value {
	w := s.in.Work
	if w.inFile > 0 {
		return s.Fail() // Terraform forbids templates that render templates
	}
	expr, ok := w.templates[name]
	if !ok || name[0] == '<' {
		if module.TooDeep(text, module.Template) {
			w.Report(e.Range(), "template "+name+" nests too deeply; its value is unknown")
			return s.Fail()
		}
		if module.TooLong(text, module.Template) {
			w.Report(e.Range(), "template "+name+" has too many lines; its value is unknown")
			return s.Fail()
		}
		x, diags := hclsyntax.ParseTemplate(text, name, hcl.InitialPos)
		if diags.HasErrors() {
			w.Report(e.Range(), "template "+name+": "+diags[0].Summary+"; its value is unknown")
			return s.Fail()
		}
		if w.templates == nil {
			w.templates = map[string]hclsyntax.Expression{}
		}
		expr = x
		w.templates[name] = x
	}
	inner := NewScope(&Module{Work: w, Path: s.in.Path})
	vars.Each(func(k string, v value.Value) { inner = inner.bind(k, v) })
	if vars.Kind() == value.Unknown || vars.Partial() {
		inner.opaque = true
	}
	w.inFile++
	v := inner.Eval(expr)
	w.inFile--
	return v
}
