package stages

import (
	"fmt"
	"maps"
	"path"
	"slices"
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
	MapShape   = "map"
)

// Shape is what is known of a value without its contents; the zero shape says nothing.
type Shape struct {
	Kind string
	// keys of a map; a closed map has no others.
	Keys   map[string]Shape
	Closed bool
}

// Offer is the fact kept of what a stage offers.
type Offer struct {
	Outputs map[string]Shape
	// Record is the outputs argument of the ledger entry, nil without one.
	Record *Shape
}

// KeepOffer keeps what a stage offers, for the pass over all of them.
func KeepOffer(p *linter.Pass) {
	m := p.Root.Module
	o := &Offer{Outputs: map[string]Shape{}}
	for name, decl := range m.Source.Outputs {
		v := shapeOf(m.Output(name), 0)
		if a := decl.Block.Body.Attributes["value"]; a != nil && v.Kind == "" {
			v = staticShape(m, a.Expr, 0)
		}
		o.Outputs[name] = v
	}
	if r := Record(p.Root); r != nil {
		if v := r.Attr("outputs"); v.IsSet() {
			sh := shapeOf(v, 0)
			o.Record = &sh
		}
	}
	p.Keep(o)
}

// maxShape bounds how deep shapes look into values.
const maxShape = 4

func shapeOf(v value.Value, depth int) Shape {
	switch v.Kind() {
	case value.Bool, value.Number, value.String:
		return Shape{Kind: plainShape}
	case value.List:
		return Shape{Kind: listShape}
	case value.Map:
		s := Shape{Kind: MapShape}
		if depth < maxShape {
			s.Closed, s.Keys = !v.Partial(), map[string]Shape{}
			v.Each(func(k string, e value.Value) { s.Keys[k] = shapeOf(e, depth+1) })
		}
		return s
	}
	return Shape{}
}

// staticShape is the shape of an expression whose value is unknown: an attribute of a resource by the schema, or a template.
func staticShape(m *eval.Module, e hclsyntax.Expression, depth int) Shape {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		return Shape{Kind: plainShape}
	case *hclsyntax.ScopeTraversalExpr:
		t := e.Traversal
		if t.RootName() == "local" && len(t) == 2 && depth < 20 {
			if a, ok := t[1].(hcl.TraverseAttr); ok && m.Source.Locals[a.Name] != nil {
				return staticShape(m, m.Source.Locals[a.Name].Expr, depth+1)
			}
		}
		if len(t) != 3 {
			return Shape{}
		}
		attr, ok1 := t[2].(hcl.TraverseAttr)
		name, ok2 := t[1].(hcl.TraverseAttr)
		if !ok1 || !ok2 || m.Source.Resource(t.RootName()+"."+name.Name) == nil {
			return Shape{}
		}
		if typ, ok := awsschema.Resource(t.RootName()); ok {
			if a, ok := typ.Attribute(attr.Name); ok {
				return Shape{Kind: kindShape(a)}
			}
		}
	}
	return Shape{}
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
		return MapShape
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
			return MapShape
		}
	}
	return ""
}

// Misfit says why the shape does not fit what a read does with it, or nothing.
func (s Shape) Misfit(r *Read) string {
	text := r.Text
	for _, st := range r.steps {
		switch {
		case s.Kind == plainShape:
			return fmt.Sprintf("%s is a plain value in stage %s; it has nothing inside to read", text, r.From.Folder)
		case s.Kind == listShape && !st.index:
			return fmt.Sprintf("%s is a list in stage %s; %q is no index of it", text, r.From.Folder, st.name)
		case s.Kind != MapShape || st.index:
			return ""
		}
		next, ok := s.Keys[st.name]
		if !ok && s.Closed {
			return fmt.Sprintf("%s has no key %q in stage %s%s", text, st.name, r.From.Folder, match.DidYouMean(st.name, slices.Sorted(maps.Keys(s.Keys))))
		}
		s, text = next, text+"."+st.name
	}
	if s.Kind != "" && r.want != "" && s.Kind != r.want {
		return fmt.Sprintf("%s is a %s in stage %s, and a %s is wanted here", text, s.Kind, r.From.Folder, r.want)
	}
	return ""
}
