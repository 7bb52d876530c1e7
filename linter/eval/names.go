package eval

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// memo is a value evaluated at most once; running detects cycles.
type memo struct {
	done, running bool
	val           value.Value
}

// once evaluates a named value of the module the first time it is asked for.
func (m *Module) once(name string, at hcl.Range, eval func() value.Value) value.Value {
	e := m.memos[name]
	if e == nil {
		e = &memo{}
		m.memos[name] = e
	}
	switch {
	case e.done:
		if e.val.Failed() {
			m.root.work.Failures++
		}
	case e.running:
		m.root.work.Report(at, fmt.Sprintf("%s refers to itself; its value is unknown", name))
		m.root.work.Failures++
		return value.UnknownValue()
	default:
		e.running = true
		e.val = eval()
		e.running, e.done = false, true
	}
	return e.val
}

// Variable evaluates an input variable; Absent when the module does not declare it.
func (m *Module) Variable(name string) value.Value {
	decl := m.Source.Variables[name]
	if decl == nil {
		return value.Value{}
	}
	key := "var." + name
	return m.once(key, module.HeaderRange(decl.Block), func() value.Value { return m.input(key, decl) })
}

func (m *Module) input(key string, decl *module.Variable) value.Value {
	ty, def := cty.DynamicPseudoType, (*typeexpr.Defaults)(nil)
	if a := decl.Block.Body.Attributes["type"]; a != nil {
		if kw := hcl.ExprAsKeyword(a.Expr); kw == "string" {
			ty = cty.String
		} else if t, d, diags := typeexpr.TypeConstraintWithDefaults(a.Expr); !diags.HasErrors() {
			ty, def = t, d
		}
	}
	v := value.UnknownValue(value.Ref{Address: key, Module: m.Path})
	set := false
	if m.Call != nil {
		if a := m.Call.Block.Body.Attributes[decl.Name]; a != nil {
			v, set = m.caller.Eval(a.Expr), true
		}
	} else if w, ok := m.root.opts.Variables[decl.Name]; ok {
		v, set = w, true
	}
	if a := decl.Block.Body.Attributes["nullable"]; set && v.Kind() == value.Null && a != nil {
		if b, ok := m.scope.Eval(a.Expr).Bool(); ok && !b {
			set = false
		}
	}
	if !set {
		if a := decl.Block.Body.Attributes["default"]; a != nil {
			v = m.scope.Eval(a.Expr)
		}
	}
	v = convert.ToType(v, ty, def)
	if a := decl.Block.Body.Attributes["sensitive"]; a != nil {
		if b, ok := m.scope.Eval(a.Expr).Bool(); ok && b {
			v = v.Marked(true)
		}
	}
	return v
}

// Local evaluates a local value; Absent when the module does not declare it.
func (m *Module) Local(name string) value.Value {
	a := m.Source.Locals[name]
	if a == nil {
		return value.Value{}
	}
	return m.once("local."+name, a.NameRange, func() value.Value { return m.scope.Eval(a.Expr) })
}

// Output evaluates an output; Absent when the module does not declare it.
func (m *Module) Output(name string) value.Value {
	o := m.Source.Outputs[name]
	if o == nil {
		return value.Value{}
	}
	return m.once("output."+name, module.HeaderRange(o.Block), func() value.Value {
		a := o.Block.Body.Attributes["value"]
		if a == nil {
			return value.NullValue()
		}
		v := m.scope.Eval(a.Expr)
		if a := o.Block.Body.Attributes["sensitive"]; a != nil {
			if b, ok := m.scope.Eval(a.Expr).Bool(); ok && b {
				v = v.Marked(true)
			}
		}
		return v
	})
}

// outputs is the module as an object.
func (m *Module) outputs() value.Value {
	b := value.NewMap(len(m.Source.Outputs))
	for n := range m.Source.Outputs {
		b.Set(n, m.Output(n))
	}
	return b.Value()
}

// Eval evaluates any expression of the module outside its resources.
func (m *Module) Eval(e hclsyntax.Expression) value.Value { return m.scope.Eval(e) }

// Block wraps a block of the module, such as a backend or provider block, for evaluation.
func (m *Module) Block(b *hclsyntax.Block) *lang.Body {
	body := lang.NewBody(m.scope, b.Body, value.At(module.HeaderRange(b)), false)
	return &body
}

// Reference evaluates what a reference of the module stands for.
func (m *Module) Reference(s *lang.Scope, t hcl.Traversal) value.Value {
	second := lang.Second(t)
	switch t.RootName() {
	case "var":
		if v := m.Variable(second); v.Kind() != value.Absent {
			return s.Walk(v, t[2:])
		}
		return s.Fail()
	case "local":
		if v := m.Local(second); v.Kind() != value.Absent {
			return s.Walk(v, t[2:])
		}
		return s.Fail()
	case "path":
		return m.pathRef(s, second)
	case "terraform", "tofu":
		if second == "workspace" {
			return value.StringValue(m.root.workspace())
		}
		return value.UnknownValue()
	case "module":
		return m.moduleRef(s, t)
	}
	if s.Bound() && len(t) == 1 {
		return s.Fail()
	}
	return m.resourceRef(s, t)
}

// Referenced evaluates an attribute as self.attribute sees it.
func (r *Resource) Referenced(attribute string) value.Value { return r.Module.attrOf(r, attribute) }

func (r *Root) workspace() string {
	if r.opts.Workspace == "" {
		return "default"
	}
	return r.opts.Workspace
}

func (m *Module) pathRef(s *lang.Scope, second string) value.Value {
	r := m.root
	switch second {
	case "module":
		return value.StringValue(relative(r.Dir, m.Source.Dir))
	case "root":
		return value.StringValue(".")
	case "cwd":
		return value.StringValue(r.loader.Abs(r.Dir))
	}
	return s.Fail()
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

func (m *Module) resourceRef(s *lang.Scope, t hcl.Traversal) value.Value {
	addr, rest := splitTraversal(t)
	ref := value.Ref{Address: addr, Path: lang.PathText(rest), Module: m.Path}
	set := m.instances(addr)
	switch {
	case set == nil:
		return value.FailedValue(ref)
	case set.cyclic:
		return value.UnknownValue(ref)
	case set.single:
		if len(set.all) == 0 || len(rest) == 0 {
			return m.whole(set, ref)
		}
		return m.attrSteps(s, set.all[0], rest, ref)
	case len(rest) == 0:
		return m.whole(set, ref)
	}
	ix, ok := rest[0].(hcl.TraverseIndex)
	if !ok {
		return value.UnknownValue(ref)
	}
	if set.unknown {
		if len(rest) > 1 && len(set.all) == 1 {
			return m.attrSteps(s, set.all[0], rest[1:], ref)
		}
		return value.UnknownValue(ref)
	}
	want := value.KeySuffix(convert.FromCty(ix.Key, nil))
	for _, r := range set.all {
		if value.KeySuffix(r.Key) == want {
			if len(rest) == 1 {
				return m.wholeOf(r, ref)
			}
			return m.attrSteps(s, r, rest[1:], ref)
		}
	}
	return s.Fail()
}

func (m *Module) attrSteps(s *lang.Scope, r *Resource, steps hcl.Traversal, ref value.Ref) value.Value {
	a, ok := steps[0].(hcl.TraverseAttr)
	if !ok {
		return value.UnknownValue(ref)
	}
	v := m.attrOf(r, a.Name)
	if v.Kind() == value.Unknown && len(v.Refs()) == 0 {
		return value.UnknownValue(ref).Marked(v.Sensitive())
	}
	return m.walkConfig(s, v, steps[1:], ref)
}

// walkConfig is walk into a resource: what is not configured there may be computed, so it is unknown, not wrong.
func (m *Module) walkConfig(s *lang.Scope, v value.Value, steps hcl.Traversal, ref value.Ref) value.Value {
	if len(steps) == 0 {
		return v
	}
	before := m.root.work.Failures
	out := s.Walk(v, steps)
	if out.Kind() == value.Absent || out.Kind() == value.Null || m.root.work.Failures > before {
		m.root.work.Failures = before
		return value.UnknownValue(ref)
	}
	return out
}

// attrOf reads an attribute of a resource as a reference sees it: configured, resolved by the linter, or unknown.
func (m *Module) attrOf(r *Resource, name string) value.Value {
	ref := value.Ref{Address: r.LocalAddress(), Path: name, Module: m.Path}
	if r.Mode == module.Data && r.Type == "aws_iam_policy_document" {
		switch name {
		case "json", "minified_json":
			return m.PolicyDocument(r)
		}
	}
	if r.Mode == module.Managed && r.Type == "terraform_data" && name == "output" {
		name = "input"
	}
	guard := "attr " + r.Address() + "." + name
	if m.memos[guard] != nil {
		m.root.work.Report(r.Range(), fmt.Sprintf("%s.%s refers to itself; its value is unknown", r.Address(), name))
		return value.UnknownValue(ref)
	}
	m.memos[guard] = &memo{}
	defer delete(m.memos, guard)
	v := r.Attr(name)
	if v.Kind() == value.Absent {
		if blocks := r.Blocks(name); len(blocks) > 0 {
			elems := make([]value.Value, len(blocks))
			for i, b := range blocks {
				elems[i] = b.Value()
				if b.Maybe() {
					return value.UnknownValue(ref)
				}
			}
			return value.ListValue(elems)
		}
	}
	if v.Kind() == value.Absent || v.Kind() == value.Null {
		return value.UnknownValue(ref)
	}
	return v
}

// wholeOf is a resource as an object: what is configured, and possibly more.
func (m *Module) wholeOf(r *Resource, ref value.Ref) value.Value {
	guard := "whole " + r.Address()
	if m.memos[guard] != nil {
		return value.UnknownValue(ref)
	}
	m.memos[guard] = &memo{}
	defer delete(m.memos, guard)
	v := r.Value()
	if r.Type == "aws_iam_policy_document" && r.Mode == module.Data {
		b := value.NewMap(v.Len() + 1)
		v.Each(b.Set)
		b.Set("json", m.PolicyDocument(r))
		v = b.Value()
	}
	return v.WithPartial(ref)
}

func (m *Module) whole(set *instanceSet, ref value.Ref) value.Value {
	switch {
	case set.single && len(set.all) == 1:
		return m.wholeOf(set.all[0], ref)
	case set.single:
		return value.UnknownValue(ref)
	case set.byKey:
		b := value.NewMap(len(set.all))
		for _, r := range set.all {
			if k, ok := r.Key.Str(); ok {
				b.Set(k, m.wholeOf(r, ref))
			}
		}
		if set.unknown {
			b.Unknown([]value.Ref{ref})
		}
		return b.Value()
	}
	elems := make([]value.Value, len(set.all))
	for i, r := range set.all {
		elems[i] = m.wholeOf(r, ref)
	}
	if set.unknown {
		return value.ListValue(elems).WithPartial(ref)
	}
	return value.ListValue(elems)
}

func (m *Module) moduleRef(s *lang.Scope, t hcl.Traversal) value.Value {
	addr, rest := splitTraversal(t)
	ref := value.Ref{Address: addr, Path: lang.PathText(rest), Module: m.Path}
	set := m.callSet(strings.TrimPrefix(addr, "module."))
	if set == nil {
		return s.Fail()
	}
	if set.opaque || set.cyclic {
		return value.UnknownValue(ref)
	}
	output := func(c *Module, steps hcl.Traversal) value.Value {
		if len(steps) == 0 {
			return c.outputs()
		}
		a, ok := steps[0].(hcl.TraverseAttr)
		if !ok {
			return s.Fail()
		}
		v := c.Output(a.Name)
		if v.Kind() == value.Absent {
			return s.Fail()
		}
		return s.Walk(v, steps[1:])
	}
	if set.single {
		return output(set.all[0], rest)
	}
	if len(rest) > 0 {
		ix, ok := rest[0].(hcl.TraverseIndex)
		if !ok {
			return s.Fail()
		}
		want := value.KeySuffix(convert.FromCty(ix.Key, nil))
		for _, c := range set.all {
			if set.unknown || value.KeySuffix(c.key) == want {
				return output(c, rest[1:])
			}
		}
		return s.Fail()
	}
	if set.byKey {
		b := value.NewMap(len(set.all))
		for _, c := range set.all {
			if k, ok := c.key.Str(); ok {
				b.Set(k, c.outputs())
			}
		}
		if set.unknown {
			b.Unknown([]value.Ref{ref})
		}
		return b.Value()
	}
	elems := make([]value.Value, len(set.all))
	for i, c := range set.all {
		elems[i] = c.outputs()
	}
	if set.unknown {
		return value.ListValue(elems).WithPartial(ref)
	}
	return value.ListValue(elems)
}
