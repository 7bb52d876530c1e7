package lang

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// choose makes a choice, of which both alternatives' common keys are known at once.
func (s *Scope) choose(e hclsyntax.Expression, c, yes, no value.Value) value.Value {
	v := value.Either(yes, no, c.Refs())
	if v.IsKnown() {
		return v
	}
	cond, negated := s.condition(e, c, 0)
	if negated {
		yes, no = no, yes
	}
	return v.Choosing(cond, yes, no)
}

// condition identifies an expression whose value is unknown; negated when it is the opposite of what is identified.
func (s *Scope) condition(e hclsyntax.Expression, v value.Value, depth int) (c value.Condition, negated bool) {
	const most = 20
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		if depth < most {
			return s.condition(x.Expression, v, depth+1)
		}
	case *hclsyntax.UnaryOpExpr:
		if x.Op == hclsyntax.OpLogicalNot && depth < most {
			c, negated = s.condition(x.Val, s.Eval(x.Val), depth+1)
			return c, !negated
		}
	case *hclsyntax.BinaryOpExpr:
		if x.Op == hclsyntax.OpEqual || x.Op == hclsyntax.OpNotEqual {
			return s.equality(x), x.Op == hclsyntax.OpNotEqual
		}
	case *hclsyntax.ScopeTraversalExpr:
		if identify := v.Test(); identify != nil && depth < most {
			return identify(v, depth+1)
		}
		name := x.Traversal.RootName() + "." + PathText(x.Traversal[1:])
		return value.Condition{Subject: s.in.Path + "|" + name, Yes: name + " is true", No: name + " is false"}, false
	}
	about := aboutRefs(v.Refs())
	return value.Condition{Subject: s.shape(e, 0), Yes: about + " holds", No: about + " does not hold"}, false
}

// tested is the unknown result of a comparison that condition identifies.
func (s *Scope) tested(e hclsyntax.Expression, refs []value.Ref) value.Value {
	return value.TestValue(refs, func(v value.Value, depth int) (value.Condition, bool) { return s.condition(e, v, depth) })
}

// equality identifies a comparison with something known by what is compared and with what.
func (s *Scope) equality(x *hclsyntax.BinaryOpExpr) value.Condition {
	for _, o := range [2][2]hclsyntax.Expression{{x.LHS, x.RHS}, {x.RHS, x.LHS}} {
		v := s.Eval(o[0])
		is, ok := s.Eval(o[1]).Str()
		if !ok || v.IsKnown() {
			continue
		}
		c := value.Condition{Subject: s.shape(o[0], 0), Is: "=" + is}
		if t, ok := o[0].(*hclsyntax.ScopeTraversalExpr); ok && plainWord(is) && !v.Sensitive() {
			name := t.Traversal.RootName() + "." + PathText(t.Traversal[1:])
			c.Yes, c.No = fmt.Sprintf("%s is %q", name, is), fmt.Sprintf("%s is not %q", name, is)
			return c
		}
		about := aboutRefs(v.Refs())
		c.Yes, c.No = about+" holds", about+" does not hold"
		return c
	}
	about := aboutRefs(append(s.Eval(x.LHS).Refs(), s.Eval(x.RHS).Refs()...))
	return value.Condition{Subject: s.shape(x.LHS, 0) + "==" + s.shape(x.RHS, 0), Yes: about + " holds", No: about + " does not hold"}
}

// plainWord reports whether a message may show the text: a word such as prod, which is no secret.
func plainWord(t string) bool {
	return len(t) > 0 && len(t) <= 16 && strings.Trim(strings.ToLower(t), "abcdefghijklmnopqrstuvwxyz-_") == ""
}

func aboutRefs(refs []value.Ref) string {
	var names []string
	for _, r := range refs {
		if n := r.String(); len(names) < 3 && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return "a condition"
	}
	return "the condition on " + strings.Join(names, ", ")
}

// shape writes an expression so that the same text means the same value, at least within one resource.
func (s *Scope) shape(e hclsyntax.Expression, depth int) string {
	if depth > 20 {
		return e.Range().String()
	}
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return s.shape(x.Expression, depth+1)
	case *hclsyntax.ScopeTraversalExpr:
		return s.in.Path + "|" + x.Traversal.RootName() + "." + PathText(x.Traversal[1:])
	case *hclsyntax.UnaryOpExpr:
		return fmt.Sprintf("(%p %s)", x.Op, s.shape(x.Val, depth+1))
	case *hclsyntax.BinaryOpExpr:
		return fmt.Sprintf("(%s %p %s)", s.shape(x.LHS, depth+1), x.Op, s.shape(x.RHS, depth+1))
	case *hclsyntax.FunctionCallExpr:
		args := make([]string, len(x.Args))
		for i, a := range x.Args {
			args[i] = s.shape(a, depth+1)
		}
		return x.Name + "(" + strings.Join(args, ",") + ")"
	}
	if v := s.Eval(e); v.IsKnown() {
		return value.Canonical(v)
	}
	return e.Range().String()
}
