package eval

import (
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// refsOf lists the objects that an expression depends on, following locals, variables and outputs to where they are written.
func (s *scope) refsOf(e hclsyntax.Expression) []Ref {
	c := &refCollector{seen: map[string]bool{}}
	c.expr(s, e, 0)
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
	refs []Ref
	seen map[string]bool
}

func (c *refCollector) expr(s *scope, e hclsyntax.Expression, depth int) {
	if e == nil || depth > 100 || !s.step(1) {
		return
	}
	for _, t := range e.Variables() {
		name := t.RootName()
		if _, ok := s.lookup(name); ok {
			continue
		}
		addr, rest := splitTraversal(t)
		key := s.m.Path + "|" + addr
		follow := func(to *scope, e hclsyntax.Expression) {
			if !c.seen[key+"|"+to.m.Path] {
				c.seen[key+"|"+to.m.Path] = true
				c.expr(to, e, depth+1)
			}
		}
		switch name {
		case "local":
			if a := s.m.Source.Locals[strings.TrimPrefix(addr, "local.")]; a != nil {
				follow(s.m.scope, a.Expr)
			}
		case "var":
			v := strings.TrimPrefix(addr, "var.")
			if s.m.Call != nil {
				if a := s.m.Call.Block.Body.Attributes[v]; a != nil {
					follow(s.m.scope.caller, a.Expr)
				}
				continue
			}
			c.refs = append(c.refs, Ref{Address: addr, Path: pathText(rest), Module: s.m.Path})
		case "module":
			c.output(s, addr, pathText(rest), follow)
		case "each", "count", "self", "path", "terraform", "tofu":
		default:
			c.refs = append(c.refs, Ref{Address: addr, Path: pathText(rest), Module: s.m.Path})
		}
	}
}

func (c *refCollector) output(s *scope, addr, rest string, follow func(*scope, hclsyntax.Expression)) {
	set := s.m.callSet(strings.TrimPrefix(addr, "module."))
	if set == nil || set.opaque || len(set.all) == 0 {
		c.refs = append(c.refs, Ref{Address: addr, Path: rest, Module: s.m.Path})
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
				c.expr(child.scope, a.Expr, 0)
			}
		}
	}
}
