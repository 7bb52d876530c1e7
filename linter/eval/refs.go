package eval

import (
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// References lists the objects that an expression depends on, following locals, variables and outputs to where they are written.
func (m *Module) References(s *lang.Scope, e hclsyntax.Expression) []value.Ref {
	c := &refCollector{seen: map[string]bool{}}
	c.expr(m, s, e, 0)
	sort.Slice(c.refs, func(i, j int) bool {
		a, b := c.refs[i], c.refs[j]
		if a.Module != b.Module {
			return a.Module < b.Module
		}
		return a.String() < b.String()
	})
	return slices.Compact(c.refs)
}

type refCollector struct {
	refs []value.Ref
	seen map[string]bool
}

func (c *refCollector) expr(m *Module, s *lang.Scope, e hclsyntax.Expression, depth int) {
	if e == nil || depth > 100 || !s.Step(1) {
		return
	}
	for _, t := range e.Variables() {
		name := t.RootName()
		if _, ok := s.Lookup(name); ok {
			continue
		}
		addr, rest := splitTraversal(t)
		key := m.Path + "|" + addr
		follow := func(m *Module, to *lang.Scope, e hclsyntax.Expression) {
			if !c.seen[key+"|"+m.Path] {
				c.seen[key+"|"+m.Path] = true
				c.expr(m, to, e, depth+1)
			}
		}
		switch name {
		case "local":
			if a := m.Source.Locals[strings.TrimPrefix(addr, "local.")]; a != nil {
				follow(m, m.scope, a.Expr)
			}
		case "var":
			v := strings.TrimPrefix(addr, "var.")
			if m.Call != nil {
				if a := m.Call.Block.Body.Attributes[v]; a != nil {
					follow(m.Parent, m.caller, a.Expr)
				}
				continue
			}
			c.refs = append(c.refs, value.Ref{Address: addr, Path: lang.PathText(rest), Module: m.Path})
		case "module":
			c.output(m, addr, lang.PathText(rest))
		case "each", "count", "self", "path", "terraform", "tofu":
		default:
			c.refs = append(c.refs, value.Ref{Address: addr, Path: lang.PathText(rest), Module: m.Path})
		}
	}
}

func (c *refCollector) output(m *Module, addr, rest string) {
	set := m.callSet(strings.TrimPrefix(addr, "module."))
	if set == nil || set.opaque || len(set.all) == 0 {
		c.refs = append(c.refs, value.Ref{Address: addr, Path: rest, Module: m.Path})
		return
	}
	if i := strings.IndexByte(rest, ']'); strings.HasPrefix(rest, "[") && i > 0 {
		rest = strings.TrimPrefix(rest[i+1:], ".")
	}
	name, _, _ := strings.Cut(rest, ".")
	if o := set.all[0].Source.Outputs[name]; o != nil {
		if a := o.Block.Body.Attributes["value"]; a != nil {
			child := set.all[0]
			key := child.Path + "|output." + name
			if !c.seen[key] {
				c.seen[key] = true
				c.expr(child, child.scope, a.Expr, 0)
			}
		}
	}
}
