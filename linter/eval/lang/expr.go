// Package lang evaluates the Terraform language in a scope: expressions, templates, calls, blocks with count, for_each and dynamic. In go
// syntax trees and a scope, out come values and bodies. What a name stands for is asked of the module (Names).
package lang

import (
	"math/big"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

func (s *Scope) evalNode(e hclsyntax.Expression) value.Value {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return literal(e)
	case *hclsyntax.TemplateExpr:
		return s.template(e)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversal(e.Traversal)
	case *hclsyntax.ObjectConsExpr:
		return s.object(e)
	case *hclsyntax.TupleConsExpr:
		elems := make([]value.Value, len(e.Exprs))
		for i, x := range e.Exprs {
			elems[i] = s.Eval(x)
		}
		return value.ListValue(elems)
	case *hclsyntax.FunctionCallExpr:
		return s.call(e)
	case *hclsyntax.ParenthesesExpr:
		return s.Eval(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return s.Eval(e.Wrapped)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.objectKey(e)
	case *hclsyntax.ConditionalExpr:
		return s.conditional(e)
	case *hclsyntax.BinaryOpExpr:
		return s.binary(e)
	case *hclsyntax.UnaryOpExpr:
		return s.unary(e)
	case *hclsyntax.IndexExpr:
		return s.index(s.Eval(e.Collection), s.Eval(e.Key))
	case *hclsyntax.RelativeTraversalExpr:
		return s.Walk(s.Eval(e.Source), e.Traversal)
	case *hclsyntax.ForExpr:
		return s.forExpr(e)
	case *hclsyntax.SplatExpr:
		return s.splat(e)
	case *hclsyntax.TemplateJoinExpr:
		return s.join(e)
	case *hclsyntax.AnonSymbolExpr:
		for b := s.names; b != nil; b = b.next {
			if b.sym == e {
				return b.val
			}
		}
	}
	return s.Fail() // syntax errors, which the loader reports
}

func literal(e *hclsyntax.LiteralValueExpr) value.Value {
	v := e.Val
	switch {
	case !v.IsKnown(): // a number that does not parse, which the loader reports
		return value.UnknownValue()
	case v.IsNull():
		return value.NullValue()
	}
	switch v.Type() {
	case cty.String:
		return value.StringValue(v.AsString())
	case cty.Bool:
		return value.BoolValue(v.True())
	case cty.Number:
		return value.NumberValue(v.AsBigFloat())
	}
	return value.UnknownValue()
}

func (s *Scope) template(e *hclsyntax.TemplateExpr) value.Value {
	if len(e.Parts) == 1 {
		if l, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok {
			return literal(l).WithSource(e)
		}
	}
	tab := &s.in.Work.Holes
	var b strings.Builder
	isSensitive := false
	for _, p := range e.Parts {
		v := s.Eval(p)
		isSensitive = isSensitive || v.Sensitive()
		t, ok := tab.Text(v)
		if !ok {
			t, _ = tab.Text(s.Fail())
		}
		if b.Len()+len(t) > value.MaxString {
			return s.in.Work.TooBig(e.Range(), "string")
		}
		b.WriteString(t)
		s.Step(len(t) / 256)
	}
	return value.TextValue(b.String(), tab).Marked(isSensitive).WithSource(e)
}

func (s *Scope) objectKey(e *hclsyntax.ObjectConsKeyExpr) value.Value {
	if !e.ForceNonLiteral {
		if k := hcl.ExprAsKeyword(e.Wrapped); k != "" {
			return value.StringValue(k)
		}
	}
	return s.Eval(e.Wrapped)
}

func (s *Scope) object(e *hclsyntax.ObjectConsExpr) value.Value {
	b := value.NewMap(len(e.Items))
	for _, it := range e.Items {
		k := s.Eval(it.KeyExpr)
		v := s.Eval(it.ValueExpr)
		if name, ok := k.Str(); ok {
			b.Set(name, v)
			continue
		}
		if k.IsKnown() {
			s.Fail()
		}
		b.Unknown(k.Refs())
	}
	return b.Value()
}

func (s *Scope) conditional(e *hclsyntax.ConditionalExpr) value.Value {
	c := s.Eval(e.Condition)
	if b, ok := condition(c); ok {
		taken, other := e.TrueResult, e.FalseResult
		if !b {
			taken, other = other, taken
		}
		return s.likeOther(s.Eval(taken), other).Marked(c.Sensitive())
	}
	if c.IsKnown() {
		return s.Fail()
	}
	return s.choose(e.Condition, c, s.Eval(e.TrueResult), s.Eval(e.FalseResult))
}

// condition is a known truth; only "true" and "false" convert to one.
func condition(v value.Value) (b, ok bool) {
	if t, isText := v.Str(); isText && v.Kind() == value.String && t != "true" && t != "false" {
		return false, false
	}
	return v.Bool()
}

// likeOther gives the taken alternative of a conditional the type that both have in common, as far as the other one is plain to see.
func (s *Scope) likeOther(v value.Value, other hclsyntax.Expression) value.Value {
	if v.Kind() == value.String || v.Kind() == value.Null || v.Kind() == value.Unknown {
		return v
	}
	switch x := other.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.TemplateExpr, *hclsyntax.TupleConsExpr:
		if len(x.Variables()) > 0 {
			return v
		}
	default:
		return v
	}
	if ty, ok := convert.Common([]value.Value{v, s.Eval(other)}); ok {
		return convert.ToType(v, ty, nil)
	}
	return v
}

func (s *Scope) unary(e *hclsyntax.UnaryOpExpr) value.Value {
	v := s.Eval(e.Val)
	if v.Kind() == value.Unknown {
		return s.tested(e, v.Refs()).Marked(v.Sensitive())
	}
	switch e.Op {
	case hclsyntax.OpLogicalNot:
		if b, ok := v.Bool(); ok {
			return value.BoolValue(!b).Marked(v.Sensitive())
		}
	case hclsyntax.OpNegate:
		if f := value.Big(v); f != nil {
			return value.NumberValue(new(big.Float).Neg(f)).Marked(v.Sensitive())
		}
	}
	return s.Fail()
}

func (s *Scope) binary(e *hclsyntax.BinaryOpExpr) value.Value {
	a, b := s.Eval(e.LHS), s.Eval(e.RHS)
	isSensitive := a.Sensitive() || b.Sensitive()
	refs := func() value.Value {
		return s.tested(e, value.MergeRefs(a.Refs(), b.Refs())).Marked(isSensitive)
	}
	switch e.Op {
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		eq, known := value.Same(a, b)
		if !known {
			return refs()
		}
		return value.BoolValue(eq == (e.Op == hclsyntax.OpEqual)).Marked(isSensitive)
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		decides := e.Op == hclsyntax.OpLogicalOr
		x, okx := condition(a)
		y, oky := condition(b)
		switch {
		case okx && x == decides, oky && y == decides:
			return value.BoolValue(decides).Marked(isSensitive)
		case okx && oky:
			return value.BoolValue(!decides).Marked(isSensitive)
		case !okx && a.IsKnown(), !oky && b.IsKnown():
			return s.Fail()
		}
		return refs()
	}
	if a.Kind() == value.Unknown || b.Kind() == value.Unknown || a.Partial() || b.Partial() {
		return refs()
	}
	x, y := value.Big(a), value.Big(b)
	if x == nil || y == nil {
		return s.Fail()
	}
	out := new(big.Float).SetPrec(512)
	switch e.Op {
	case hclsyntax.OpAdd:
		out.Add(x, y)
	case hclsyntax.OpSubtract:
		out.Sub(x, y)
	case hclsyntax.OpMultiply:
		out.Mul(x, y)
	case hclsyntax.OpDivide, hclsyntax.OpModulo:
		if y.Sign() == 0 {
			if e.Op == hclsyntax.OpModulo {
				return value.NumberValue(x).Marked(isSensitive)
			}
			return value.UnknownValue().Marked(isSensitive) // infinity, of which nothing can be made
		}
		out.Quo(x, y)
		if e.Op == hclsyntax.OpModulo {
			whole, _ := out.Int(nil)
			out.Sub(x, new(big.Float).SetPrec(512).Mul(y, new(big.Float).SetInt(whole)))
		}
	default:
		c := x.Cmp(y)
		return value.BoolValue(map[*hclsyntax.Operation]bool{
			hclsyntax.OpLessThan: c < 0, hclsyntax.OpLessThanOrEqual: c <= 0,
			hclsyntax.OpGreaterThan: c > 0, hclsyntax.OpGreaterThanOrEqual: c >= 0,
		}[e.Op]).Marked(isSensitive)
	}
	return value.NumberValue(out).Marked(isSensitive)
}

func (s *Scope) index(coll, key value.Value) value.Value {
	if v, ok := s.in.Work.Distribute(coll, func(c value.Value) value.Value { return s.index(c, key) }); ok {
		return v
	}
	switch {
	case coll.Kind() == value.Unknown:
		return coll
	case key.Kind() == value.Unknown || key.Kind() == value.String && key.Partial():
		return value.UnknownValue(value.MergeRefs(coll.AllRefs(), key.Refs())...)
	}
	switch coll.Kind() {
	case value.List:
		i, ok := key.Int()
		if !ok || i < 0 || coll.FromSet() {
			return s.Fail()
		}
		if i < coll.Len() && !coll.Partial() {
			return coll.Elems()[i].Marked(coll.Sensitive())
		}
		if coll.Partial() {
			return value.UnknownValue(coll.Refs()...)
		}
	case value.Map:
		if k, ok := key.Str(); ok {
			if v := coll.Get(k); v.Kind() != value.Absent {
				return v.Marked(coll.Sensitive())
			}
		}
	}
	return s.Fail()
}

// Walk follows the steps of a traversal into a value.
func (s *Scope) Walk(v value.Value, steps hcl.Traversal) value.Value {
	for i, st := range steps {
		if w, ok := s.in.Work.Distribute(v, func(c value.Value) value.Value { return s.Walk(c, steps[i:]) }); ok {
			return w
		}
		if v.Kind() == value.Unknown {
			refs := append([]value.Ref(nil), v.Refs()...)
			for j := range refs {
				refs[j].Path = value.JoinPath(refs[j].Path, PathText(steps[i:]))
			}
			return value.UnknownValue(refs...).Marked(v.Sensitive())
		}
		switch st := st.(type) {
		case hcl.TraverseAttr:
			if v.Kind() == value.List { // legacy attribute-style index: a.0
				return s.Fail()
			}
			v = s.index(v, value.StringValue(st.Name))
		case hcl.TraverseIndex:
			v = s.index(v, convert.FromCty(st.Key, nil))
		default:
			return s.Fail()
		}
	}
	return v
}

func PathText(steps hcl.Traversal) string {
	var b strings.Builder
	for _, st := range steps {
		switch st := st.(type) {
		case hcl.TraverseAttr:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(st.Name)
		case hcl.TraverseIndex:
			b.WriteString(value.KeySuffix(convert.FromCty(st.Key, nil)))
		}
	}
	return b.String()
}
