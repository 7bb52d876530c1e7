package rules

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/awsschema"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// What a stage offers to others, and whether it fits what they do with it.

// The kinds of shapes. Terraform converts plain values (texts, numbers, booleans) into each other, and lists into sets.
const (
	plainShape = "plain value"
	listShape  = "list"
	mapShape   = "map"
)

// shape is what is known of a value without its contents; the zero shape says nothing.
type shape struct {
	kind string
	// keys of a map; a closed map has no others.
	keys   map[string]shape
	closed bool
}

// offer is the fact kept of what a stage offers.
type offer struct {
	outputs map[string]shape
	// record is the outputs argument of the ledger entry, nil without one.
	record *shape
}

func keepOffer(p *linter.Pass) {
	m := p.Root.Module
	o := &offer{outputs: map[string]shape{}}
	for name, decl := range m.Source.Outputs {
		v := shapeOf(m.Output(name), 0)
		if a := decl.Block.Body.Attributes["value"]; a != nil && v.kind == "" {
			v = staticShape(m, a.Expr, 0)
		}
		o.outputs[name] = v
	}
	if r := stageRecord(p.Root); r != nil {
		if v := r.Attr("outputs"); v.IsSet() {
			sh := shapeOf(v, 0)
			o.record = &sh
		}
	}
	p.Keep(o)
}

// maxShape bounds how deep shapes look into values.
const maxShape = 4

func shapeOf(v value.Value, depth int) shape {
	switch v.Kind() {
	case value.Bool, value.Number, value.String:
		return shape{kind: plainShape}
	case value.List:
		return shape{kind: listShape}
	case value.Map:
		s := shape{kind: mapShape}
		if depth < maxShape {
			s.closed, s.keys = !v.Partial(), map[string]shape{}
			v.Each(func(k string, e value.Value) { s.keys[k] = shapeOf(e, depth+1) })
		}
		return s
	}
	return shape{}
}

// staticShape is the shape of an expression whose value is unknown: an attribute of a resource by the schema, or a template.
func staticShape(m *eval.Module, e hclsyntax.Expression, depth int) shape {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		return shape{kind: plainShape}
	case *hclsyntax.ScopeTraversalExpr:
		t := e.Traversal
		if t.RootName() == "local" && len(t) == 2 && depth < 20 {
			if a, ok := t[1].(hcl.TraverseAttr); ok && m.Source.Locals[a.Name] != nil {
				return staticShape(m, m.Source.Locals[a.Name].Expr, depth+1)
			}
		}
		if len(t) != 3 {
			return shape{}
		}
		attr, ok1 := t[2].(hcl.TraverseAttr)
		name, ok2 := t[1].(hcl.TraverseAttr)
		if !ok1 || !ok2 || m.Source.Resource(t.RootName()+"."+name.Name) == nil {
			return shape{}
		}
		if typ, ok := awsschema.Resource(t.RootName()); ok {
			if a, ok := typ.Attribute(attr.Name); ok {
				return shape{kind: kindShape(a)}
			}
		}
	}
	return shape{}
}

// kindShape reads the shape of an attribute from its schema.
func kindShape(a *awsschema.Attribute) string {
	switch {
	case a.Object != nil:
	case a.Kind == "string", a.Kind == "number", a.Kind == "bool":
		return plainShape
	case strings.HasPrefix(a.Kind, "list("), strings.HasPrefix(a.Kind, "set("):
		return listShape
	case strings.HasPrefix(a.Kind, "map("):
		return mapShape
	}
	return ""
}

// wantedShapes finds the arguments that are nothing but a reference, with the shape that they take.
func wantedShapes(t *linter.Tree, m *module.Module) map[*hclsyntax.ScopeTraversalExpr]string {
	wants := map[*hclsyntax.ScopeTraversalExpr]string{}
	for _, r := range m.Resources {
		typ, ok := awsschema.Resource(r.Type)
		if r.Mode == module.Data {
			typ, ok = awsschema.DataSource(r.Type)
		}
		if ok {
			wantedInBlock(wants, r.Block.Body, &typ.Block)
		}
	}
	for _, c := range m.Calls {
		if !c.Local() {
			continue
		}
		called, err := t.Module(path.Join(m.Dir, c.Source))
		if err != nil {
			continue
		}
		for name, a := range c.Block.Body.Attributes {
			if e, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr); ok && called.Variables[name] != nil {
				wants[e] = variableShape(called.Variables[name])
			}
		}
	}
	return wants
}

func wantedInBlock(wants map[*hclsyntax.ScopeTraversalExpr]string, body *hclsyntax.Body, schema *awsschema.Block) {
	for name, a := range body.Attributes {
		if e, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr); ok {
			if attr, ok := schema.Attribute(name); ok {
				wants[e] = kindShape(attr)
			}
		}
	}
	for _, b := range body.Blocks {
		name, inner := b.Type, b.Body
		if b.Type == "dynamic" && len(b.Labels) == 1 {
			for _, content := range b.Body.Blocks {
				if content.Type == "content" {
					name, inner = b.Labels[0], content.Body
				}
			}
		}
		if nested, ok := schema.NestedBlock(name); ok && nested.Block != nil {
			wantedInBlock(wants, inner, nested.Block)
		}
	}
}

func variableShape(v *module.Variable) string {
	a := v.Block.Body.Attributes["type"]
	if a == nil {
		return ""
	}
	switch hcl.ExprAsKeyword(a.Expr) {
	case "string", "number", "bool":
		return plainShape
	}
	if call, ok := a.Expr.(*hclsyntax.FunctionCallExpr); ok {
		switch call.Name {
		case "list", "set", "tuple":
			return listShape
		case "map", "object":
			return mapShape
		}
	}
	return ""
}

// misfit says why the shape does not fit what a read does with it, or nothing.
func (s shape) misfit(r *stageRead) string {
	text := r.text
	for _, st := range r.steps {
		switch {
		case s.kind == plainShape:
			return fmt.Sprintf("%s is a plain value in stage %s; it has nothing inside to read", text, r.from.folder)
		case s.kind == listShape && !st.index:
			return fmt.Sprintf("%s is a list in stage %s; %q is no index of it", text, r.from.folder, st.name)
		case s.kind != mapShape || st.index:
			return ""
		}
		next, ok := s.keys[st.name]
		if !ok && s.closed {
			return fmt.Sprintf("%s has no key %q in stage %s%s", text, st.name, r.from.folder, match.DidYouMean(st.name, sorted(s.keys)))
		}
		s, text = next, text+"."+st.name
	}
	if s.kind != "" && r.want != "" && s.kind != r.want {
		return fmt.Sprintf("%s is a %s in stage %s, and a %s is wanted here", text, s.kind, r.from.folder, r.want)
	}
	return ""
}
