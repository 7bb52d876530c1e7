package eval

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// memo is a value evaluated at most once; running detects cycles.
type memo struct {
	done, running bool
	val           Value
}

// once evaluates a named value of the module the first time it is asked for.
func (m *Module) once(name string, at hcl.Range, eval func() Value) Value {
	e := m.memos[name]
	if e == nil {
		e = &memo{}
		m.memos[name] = e
	}
	switch {
	case e.done:
		if e.val.flags&failed != 0 {
			m.root.failures++
		}
	case e.running:
		m.root.problem(at, fmt.Sprintf("%s refers to itself; its value is unknown", name))
		m.root.failures++
		return UnknownValue()
	default:
		e.running = true
		e.val = eval()
		e.running, e.done = false, true
	}
	return e.val
}

// Variable evaluates an input variable; Absent when the module does not declare it.
func (m *Module) Variable(name string) Value {
	decl := m.Source.Variables[name]
	if decl == nil {
		return Value{}
	}
	key := "var." + name
	return m.once(key, module.HeaderRange(decl.Block), func() Value { return m.input(key, decl) })
}

func (m *Module) input(key string, decl *module.Variable) Value {
	ty, def := cty.DynamicPseudoType, (*typeexpr.Defaults)(nil)
	if a := decl.Block.Body.Attributes["type"]; a != nil {
		if kw := hcl.ExprAsKeyword(a.Expr); kw == "string" {
			ty = cty.String
		} else if t, d, diags := typeexpr.TypeConstraintWithDefaults(a.Expr); !diags.HasErrors() {
			ty, def = t, d
		}
	}
	v := UnknownValue(Ref{Address: key, Module: m.Path})
	set := false
	if m.Call != nil {
		if a := m.Call.Block.Body.Attributes[decl.Name]; a != nil {
			v, set = m.scope.caller.eval(a.Expr), true
		}
	} else if w, ok := m.root.opts.Variables[decl.Name]; ok {
		v, set = w, true
	}
	if a := decl.Block.Body.Attributes["nullable"]; set && v.kind == Null && a != nil {
		if b, ok := m.scope.eval(a.Expr).Bool(); ok && !b {
			set = false
		}
	}
	if !set {
		if a := decl.Block.Body.Attributes["default"]; a != nil {
			v = m.scope.eval(a.Expr)
		}
	}
	v = coerce(v, ty, def)
	if a := decl.Block.Body.Attributes["sensitive"]; a != nil {
		if b, ok := m.scope.eval(a.Expr).Bool(); ok && b {
			v.flags |= sensitive
		}
	}
	return v
}

// Local evaluates a local value; Absent when the module does not declare it.
func (m *Module) Local(name string) Value {
	a := m.Source.Locals[name]
	if a == nil {
		return Value{}
	}
	return m.once("local."+name, a.NameRange, func() Value { return m.scope.eval(a.Expr) })
}

// Output evaluates an output; Absent when the module does not declare it.
func (m *Module) Output(name string) Value {
	o := m.Source.Outputs[name]
	if o == nil {
		return Value{}
	}
	return m.once("output."+name, module.HeaderRange(o.Block), func() Value {
		a := o.Block.Body.Attributes["value"]
		if a == nil {
			return NullValue()
		}
		v := m.scope.eval(a.Expr)
		if a := o.Block.Body.Attributes["sensitive"]; a != nil {
			if b, ok := m.scope.eval(a.Expr).Bool(); ok && b {
				v.flags |= sensitive
			}
		}
		return v
	})
}

// Eval evaluates any expression of the module outside its resources.
func (m *Module) Eval(e hclsyntax.Expression) Value { return m.scope.eval(e) }

// Block wraps a block of the module, such as a backend or provider block, for evaluation.
func (m *Module) Block(b *hclsyntax.Block) *Body {
	return &Body{scope: m.scope, hcl: b.Body, loc: At(module.HeaderRange(b))}
}

func (s *scope) lookup(name string) (Value, bool) {
	for b := s.names; b != nil; b = b.next {
		if b.sym == nil && b.name == name {
			return b.val, true
		}
	}
	return Value{}, false
}

// traversal evaluates a reference.
func (s *scope) traversal(t hcl.Traversal) Value {
	name := t.RootName()
	if v, ok := s.lookup(name); ok {
		return s.walk(v, t[1:])
	}
	if s.m.Source == nil { // a template
		if s.opaque {
			return UnknownValue()
		}
		return s.fail()
	}
	second := ""
	if len(t) > 1 {
		if a, ok := t[1].(hcl.TraverseAttr); ok {
			second = a.Name
		}
	}
	switch name {
	case "var":
		if v := s.m.Variable(second); v.kind != Absent {
			return s.walk(v, t[2:])
		}
		return s.fail()
	case "local":
		if v := s.m.Local(second); v.kind != Absent {
			return s.walk(v, t[2:])
		}
		return s.fail()
	case "each":
		return s.eachRef(second, t)
	case "count":
		if s.count.kind != Absent && second == "index" {
			return s.count
		}
		return s.fail()
	case "self":
		if s.self != nil && second != "" {
			return s.walk(s.m.attrOf(s.self, second), t[2:])
		}
		return UnknownValue()
	case "path":
		return s.pathRef(second)
	case "terraform", "tofu":
		if second == "workspace" {
			return StringValue(s.m.root.workspace())
		}
		return UnknownValue()
	case "module":
		return s.moduleRef(t)
	}
	if s.names != nil && len(t) == 1 {
		return s.fail()
	}
	return s.resourceRef(t)
}

func (r *Root) workspace() string {
	if r.opts.Workspace == "" {
		return "default"
	}
	return r.opts.Workspace
}

func (s *scope) eachRef(second string, t hcl.Traversal) Value {
	if s.each == nil {
		return s.fail()
	}
	switch second {
	case "key":
		return s.each.key
	case "value":
		return s.walk(s.each.val, t[2:])
	}
	return s.fail()
}

func (s *scope) pathRef(second string) Value {
	r := s.m.root
	switch second {
	case "module":
		return StringValue(relative(r.Dir, s.m.Source.Dir))
	case "root":
		return StringValue(".")
	case "cwd":
		return StringValue(r.loader.Abs(r.Dir))
	}
	return s.fail()
}

// relative writes dir as seen from base; both are clean slash paths with the same origin.
func relative(base, dir string) string {
	b, d := strings.Split(path.Clean(base), "/"), strings.Split(path.Clean(dir), "/")
	if b[0] == "." {
		b = b[1:]
	}
	if d[0] == "." {
		d = d[1:]
	}
	for len(b) > 0 && len(d) > 0 && b[0] == d[0] {
		b, d = b[1:], d[1:]
	}
	out := strings.Repeat("../", len(b)) + strings.Join(d, "/")
	if out == "" {
		return "."
	}
	return strings.TrimSuffix(out, "/")
}

// splitTraversal gives the address of the object that a traversal names and the steps after it.
func splitTraversal(t hcl.Traversal) (address string, rest hcl.Traversal) {
	n := 2
	switch t.RootName() {
	case "data", "ephemeral", "action":
		n = 3
	case "resource":
		n, t = 2, t[1:]
	}
	var parts []string
	for i := 0; i < len(t) && i < n; i++ {
		switch st := t[i].(type) {
		case hcl.TraverseRoot:
			parts = append(parts, st.Name)
		case hcl.TraverseAttr:
			parts = append(parts, st.Name)
		default:
			return strings.Join(parts, "."), t[i:]
		}
	}
	if len(t) < n {
		n = len(t)
	}
	return strings.Join(parts, "."), t[n:]
}

func (s *scope) resourceRef(t hcl.Traversal) Value {
	addr, rest := splitTraversal(t)
	set := s.m.instances(addr)
	if set == nil {
		return Value{kind: Unknown, flags: failed, data: []Ref{{Address: addr, Path: pathText(rest), Module: s.m.Path}}}
	}
	ref := Ref{Address: addr, Path: pathText(rest), Module: s.m.Path}
	switch {
	case set.cyclic:
		return UnknownValue(ref)
	case set.single:
		if len(set.all) == 0 || len(rest) == 0 {
			return s.whole(set, ref)
		}
		return s.attrSteps(set.all[0], rest, ref)
	case len(rest) == 0:
		return s.whole(set, ref)
	}
	ix, ok := rest[0].(hcl.TraverseIndex)
	if !ok {
		return UnknownValue(ref)
	}
	if set.unknown {
		if len(rest) > 1 && len(set.all) == 1 {
			return s.attrSteps(set.all[0], rest[1:], ref)
		}
		return UnknownValue(ref)
	}
	want := keySuffix(fromCty(ix.Key, nil))
	for _, r := range set.all {
		if keySuffix(r.Key) == want {
			if len(rest) == 1 {
				return s.wholeOf(r, ref)
			}
			return s.attrSteps(r, rest[1:], ref)
		}
	}
	return s.fail()
}

func (s *scope) attrSteps(r *Resource, steps hcl.Traversal, ref Ref) Value {
	a, ok := steps[0].(hcl.TraverseAttr)
	if !ok {
		return UnknownValue(ref)
	}
	v := s.m.attrOf(r, a.Name)
	if v.kind == Unknown && len(v.Refs()) == 0 {
		return UnknownValue(ref).with(v.flags)
	}
	return s.walkConfig(v, steps[1:], ref)
}

// walkConfig is walk into a resource: what is not configured there may be computed, so it is unknown, not wrong.
func (s *scope) walkConfig(v Value, steps hcl.Traversal, ref Ref) Value {
	if len(steps) == 0 {
		return v
	}
	before := s.m.root.failures
	out := s.walk(v, steps)
	if out.kind == Absent || out.kind == Null || s.m.root.failures > before {
		s.m.root.failures = before
		return UnknownValue(ref)
	}
	return out
}

// attrOf reads an attribute of a resource as a reference sees it: configured, resolved by the linter, or unknown.
func (m *Module) attrOf(r *Resource, name string) Value {
	ref := Ref{Address: r.LocalAddress(), Path: name, Module: m.Path}
	if r.Mode == module.Data && r.Type == "aws_iam_policy_document" {
		switch name {
		case "json", "minified_json":
			return m.policyDocument(r)
		}
	}
	if r.Mode == module.Managed && r.Type == "terraform_data" && name == "output" {
		name = "input"
	}
	guard := "attr " + r.Address() + "." + name
	if m.memos[guard] != nil {
		m.root.problem(r.Range(), fmt.Sprintf("%s.%s refers to itself; its value is unknown", r.Address(), name))
		return UnknownValue(ref)
	}
	m.memos[guard] = &memo{}
	defer delete(m.memos, guard)
	v := r.Attr(name)
	if v.kind == Absent {
		if blocks := r.Blocks(name); len(blocks) > 0 {
			elems := make([]Value, len(blocks))
			for i, b := range blocks {
				elems[i] = b.Value()
				if b.maybe {
					return UnknownValue(ref)
				}
			}
			return ListValue(elems)
		}
	}
	if v.kind == Absent || v.kind == Null {
		return UnknownValue(ref)
	}
	return v
}

// wholeOf is a resource as an object: what is configured, and possibly more.
func (s *scope) wholeOf(r *Resource, ref Ref) Value {
	m := s.m
	guard := "whole " + r.Address()
	if m.memos[guard] != nil {
		return UnknownValue(ref)
	}
	m.memos[guard] = &memo{}
	defer delete(m.memos, guard)
	v := r.Value()
	if r.Type == "aws_iam_policy_document" && r.Mode == module.Data {
		b := newMap(v.Len() + 1)
		v.Each(b.set)
		b.set("json", m.policyDocument(r))
		v = b.value()
	}
	return v.WithPartial(ref)
}

func (s *scope) whole(set *instanceSet, ref Ref) Value {
	switch {
	case set.single && len(set.all) == 1:
		return s.wholeOf(set.all[0], ref)
	case set.single:
		return UnknownValue(ref)
	case set.byKey:
		b := newMap(len(set.all))
		for _, r := range set.all {
			if k, ok := r.Key.Str(); ok {
				b.set(k, s.wholeOf(r, ref))
			}
		}
		if set.unknown {
			b.unknown([]Ref{ref})
		}
		return b.value()
	}
	elems := make([]Value, len(set.all))
	for i, r := range set.all {
		elems[i] = s.wholeOf(r, ref)
	}
	if set.unknown {
		return ListValue(elems).WithPartial(ref)
	}
	return ListValue(elems)
}

func (s *scope) moduleRef(t hcl.Traversal) Value {
	addr, rest := splitTraversal(t)
	ref := Ref{Address: addr, Path: pathText(rest), Module: s.m.Path}
	set := s.m.callSet(strings.TrimPrefix(addr, "module."))
	if set == nil {
		return s.fail()
	}
	if set.opaque || set.cyclic {
		return UnknownValue(ref)
	}
	output := func(c *Module, steps hcl.Traversal) Value {
		if len(steps) == 0 {
			return c.outputs()
		}
		a, ok := steps[0].(hcl.TraverseAttr)
		if !ok {
			return s.fail()
		}
		v := c.Output(a.Name)
		if v.kind == Absent {
			return s.fail()
		}
		return s.walk(v, steps[1:])
	}
	if set.single {
		return output(set.all[0], rest)
	}
	if len(rest) > 0 {
		ix, ok := rest[0].(hcl.TraverseIndex)
		if !ok {
			return s.fail()
		}
		want := keySuffix(fromCty(ix.Key, nil))
		for _, c := range set.all {
			if set.unknown || keySuffix(c.key) == want {
				return output(c, rest[1:])
			}
		}
		return s.fail()
	}
	if set.byKey {
		b := newMap(len(set.all))
		for _, c := range set.all {
			if k, ok := c.key.Str(); ok {
				b.set(k, c.outputs())
			}
		}
		if set.unknown {
			b.unknown([]Ref{ref})
		}
		return b.value()
	}
	elems := make([]Value, len(set.all))
	for i, c := range set.all {
		elems[i] = c.outputs()
	}
	if set.unknown {
		return ListValue(elems).WithPartial(ref)
	}
	return ListValue(elems)
}

// outputs is the module as an object.
func (m *Module) outputs() Value {
	b := newMap(len(m.Source.Outputs))
	for n := range m.Source.Outputs {
		b.set(n, m.Output(n))
	}
	return b.value()
}
