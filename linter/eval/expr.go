package eval

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/functions"
)

// The bounds of one root module. Real configurations stay orders of magnitude below; hostile ones end in a Problem.
const (
	defaultSteps = 4_000_000
	maxDepth     = 600
	maxString    = functions.MaxString
	maxElems     = 200_000
)

// scope is where an expression is evaluated.
type scope struct {
	m     *Module
	names *binding
	each  *eachValue
	count Value // count.index; Absent outside count
	self  *Resource
	// caller evaluates a module instance's arguments; set in the module's own scope only.
	caller *scope
	// opaque scopes know only part of their names: a name that is missing is unknown, not wrong.
	opaque bool
}

type eachValue struct{ key, val Value }

type binding struct {
	name string
	sym  *hclsyntax.AnonSymbolExpr
	val  Value
	next *binding
}

func (s *scope) bind(name string, v Value) *scope {
	c := *s
	c.names = &binding{name: name, val: v, next: s.names}
	return &c
}

// failed marks an unknown value whose expression is wrong, for try and can.
const failed flags = 1 << 4

// fail counts an error, for try and can, and yields an unknown value: the linter leaves type errors to terraform validate.
func (s *scope) fail() Value {
	s.m.root.failures++
	return Value{kind: Unknown, flags: failed}
}

// step spends work; it returns false when the root's budget or time is used up.
func (s *scope) step(n int) bool { return s.m.root.spend(n) }

func (r *Root) spend(n int) bool {
	if r.stopped {
		return false
	}
	before := r.steps
	r.steps += n
	limit := r.opts.Steps
	if limit == 0 {
		limit = defaultSteps
	}
	if r.steps > limit {
		r.stopped = true
		r.problem(hcl.Range{Filename: r.Dir, Start: hcl.InitialPos, End: hcl.InitialPos},
			fmt.Sprintf("evaluation of %s stopped after %d steps; the rest of its values are unknown", r.Dir, limit))
		return false
	}
	if before>>12 != r.steps>>12 && r.ctx.Err() != nil {
		r.stopped = true
		return false
	}
	return true
}

// eval evaluates one expression. It never fails: what is wrong or not known is unknown.
func (s *scope) eval(e hclsyntax.Expression) Value {
	r := s.m.root
	if r.depth >= maxDepth {
		r.problem(e.Range(), fmt.Sprintf("expression nests deeper than %d levels; its value is unknown", maxDepth))
		return s.fail()
	}
	if !r.spend(1) {
		return UnknownValue()
	}
	r.depth++
	v := s.evalNode(e)
	r.depth--
	if v.src == nil {
		v.src = e
	}
	return v
}

func (s *scope) evalNode(e hclsyntax.Expression) Value {
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
		elems := make([]Value, len(e.Exprs))
		for i, x := range e.Exprs {
			elems[i] = s.eval(x)
		}
		return ListValue(elems)
	case *hclsyntax.FunctionCallExpr:
		return s.call(e)
	case *hclsyntax.ParenthesesExpr:
		return s.eval(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return s.eval(e.Wrapped)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.objectKey(e)
	case *hclsyntax.ConditionalExpr:
		return s.conditional(e)
	case *hclsyntax.BinaryOpExpr:
		return s.binary(e)
	case *hclsyntax.UnaryOpExpr:
		return s.unary(e)
	case *hclsyntax.IndexExpr:
		return s.index(s.eval(e.Collection), s.eval(e.Key))
	case *hclsyntax.RelativeTraversalExpr:
		return s.walk(s.eval(e.Source), e.Traversal)
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
	return s.fail() // syntax errors, which the loader reports
}

func literal(e *hclsyntax.LiteralValueExpr) Value {
	v := e.Val
	if v.IsNull() {
		return NullValue()
	}
	switch v.Type() {
	case cty.String:
		return StringValue(v.AsString())
	case cty.Bool:
		return BoolValue(v.True())
	case cty.Number:
		return NumberValue(v.AsBigFloat())
	}
	return UnknownValue()
}

func (s *scope) template(e *hclsyntax.TemplateExpr) Value {
	if len(e.Parts) == 1 {
		if l, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok {
			return literal(l).WithSource(e)
		}
	}
	var b strings.Builder
	var fl flags
	for _, p := range e.Parts {
		v := s.eval(p)
		fl |= v.flags
		t, ok := v.holey(&s.m.root.holes)
		if !ok {
			t, _ = s.fail().holey(&s.m.root.holes)
		}
		if b.Len()+len(t) > maxString {
			return s.tooBig(e.Range(), "string")
		}
		b.WriteString(t)
		s.step(len(t) / 256)
	}
	return textValue(b.String(), &s.m.root.holes).with(fl).WithSource(e)
}

func (s *scope) tooBig(at hcl.Range, what string) Value {
	s.m.root.problem(at, what+" is too large to evaluate; its value is unknown")
	return s.fail()
}

func (s *scope) objectKey(e *hclsyntax.ObjectConsKeyExpr) Value {
	if !e.ForceNonLiteral {
		if k := hcl.ExprAsKeyword(e.Wrapped); k != "" {
			return StringValue(k)
		}
	}
	return s.eval(e.Wrapped)
}

func (s *scope) object(e *hclsyntax.ObjectConsExpr) Value {
	b := newMap(len(e.Items))
	for _, it := range e.Items {
		k := s.eval(it.KeyExpr)
		v := s.eval(it.ValueExpr)
		if name, ok := k.Str(); ok {
			b.set(name, v)
		} else {
			b.unknown(k.Refs())
		}
	}
	return b.value()
}

// mapBuilder keeps keys sorted; tags maps are small and mostly written in order, so insertion beats a Go map.
type mapBuilder struct {
	keys []string
	vals []Value
	refs []Ref
	part bool
	fl   flags
}

func newMap(n int) *mapBuilder {
	return &mapBuilder{keys: make([]string, 0, n), vals: make([]Value, 0, n)}
}

func (b *mapBuilder) set(k string, v Value) {
	i := len(b.keys)
	if i > 0 && b.keys[i-1] >= k {
		lo, hi := 0, i
		for lo < hi {
			mid := (lo + hi) / 2
			if b.keys[mid] < k {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if i = lo; b.keys[i] == k {
			b.vals[i] = v
			return
		}
	}
	b.keys = append(b.keys, "")
	b.vals = append(b.vals, Value{})
	copy(b.keys[i+1:], b.keys[i:])
	copy(b.vals[i+1:], b.vals[i:])
	b.keys[i], b.vals[i] = k, v
}

func (b *mapBuilder) get(k string) (Value, bool) {
	v := Value{kind: Map, data: &object{keys: b.keys, vals: b.vals}}.Get(k)
	return v, v.kind != Absent
}

// unknown notes that keys that are not shown may exist.
func (b *mapBuilder) unknown(refs []Ref) {
	b.part = true
	b.refs = mergeRefs(b.refs, refs)
}

func (b *mapBuilder) value() Value {
	v := sortedMap(b.keys, b.vals).with(b.fl)
	if b.part {
		return v.WithPartial(b.refs...)
	}
	return v
}

func (s *scope) conditional(e *hclsyntax.ConditionalExpr) Value {
	c := s.eval(e.Condition)
	if b, ok := c.Bool(); ok {
		if b {
			return s.eval(e.TrueResult)
		}
		return s.eval(e.FalseResult)
	}
	return s.choose(e.Condition, c, s.eval(e.TrueResult), s.eval(e.FalseResult))
}

// either is what is certain of a value that is a or b.
func either(a, b Value, refs []Ref) Value {
	if eq, known := a.Equal(b); eq && known {
		return a
	}
	refs = mergeRefs(mergeRefs(refs, a.Refs()), b.Refs())
	if a.kind == Map && b.kind == Map {
		m := newMap(a.Len())
		for _, k := range a.Keys() {
			if w := b.Get(k); w.kind != Absent && !(w.kind == Unknown && b.Partial()) {
				m.set(k, either(a.Get(k), w, refs))
			}
		}
		m.unknown(refs)
		return m.value()
	}
	return UnknownValue(refs...)
}

func (s *scope) unary(e *hclsyntax.UnaryOpExpr) Value {
	v := s.eval(e.Val)
	if v.kind == Unknown {
		return Value{kind: Unknown, data: &test{v.Refs(), s, e}}.with(v.flags)
	}
	switch e.Op {
	case hclsyntax.OpLogicalNot:
		if b, ok := v.Bool(); ok {
			return BoolValue(!b).with(v.flags)
		}
	case hclsyntax.OpNegate:
		if f := bigOf(v); f != nil {
			return NumberValue(new(big.Float).Neg(f)).with(v.flags)
		}
	}
	return s.fail()
}

// bigOf returns a known number of bounded size.
func bigOf(v Value) *big.Float {
	switch v.kind {
	case Number:
		if _, ok := numberText(v.data.(*big.Float)); ok {
			return v.data.(*big.Float)
		}
	case String:
		if t, ok := v.Str(); ok && len(t) < 256 {
			if f, _, err := big.ParseFloat(t, 10, 512, big.ToNearestEven); err == nil {
				if _, ok := numberText(f); ok {
					return f
				}
			}
		}
	}
	return nil
}

func (s *scope) binary(e *hclsyntax.BinaryOpExpr) Value {
	a, b := s.eval(e.LHS), s.eval(e.RHS)
	fl := a.flags | b.flags
	refs := func() Value {
		return Value{kind: Unknown, data: &test{mergeRefs(a.Refs(), b.Refs()), s, e}}.with(fl)
	}
	switch e.Op {
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		eq, known := looseEqual(a, b)
		if !known {
			return refs()
		}
		return BoolValue(eq == (e.Op == hclsyntax.OpEqual)).with(fl)
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		decides := e.Op == hclsyntax.OpLogicalOr
		x, okx := a.Bool()
		y, oky := b.Bool()
		switch {
		case okx && x == decides, oky && y == decides:
			return BoolValue(decides).with(fl)
		case okx && oky:
			return BoolValue(!decides).with(fl)
		}
		return refs()
	}
	if a.kind == Unknown || b.kind == Unknown || a.Partial() || b.Partial() {
		return refs()
	}
	x, y := bigOf(a), bigOf(b)
	if x == nil || y == nil {
		return s.fail()
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
			return s.fail()
		}
		out.Quo(x, y)
		if e.Op == hclsyntax.OpModulo {
			whole, _ := out.Int(nil)
			out.Sub(x, new(big.Float).SetPrec(512).Mul(y, new(big.Float).SetInt(whole)))
		}
	default:
		c := x.Cmp(y)
		return BoolValue(map[*hclsyntax.Operation]bool{
			hclsyntax.OpLessThan: c < 0, hclsyntax.OpLessThanOrEqual: c <= 0,
			hclsyntax.OpGreaterThan: c > 0, hclsyntax.OpGreaterThanOrEqual: c >= 0,
		}[e.Op]).with(fl)
	}
	return NumberValue(out).with(fl)
}

// looseEqual compares as Terraform's == does: values of different primitive types are equal when their texts are.
func looseEqual(a, b Value) (equal, known bool) {
	primitive := func(v Value) bool { return v.kind == String || v.kind == Number || v.kind == Bool }
	if a.kind != b.kind && primitive(a) && primitive(b) {
		x, ok1 := a.Str()
		y, ok2 := b.Str()
		return x == y, ok1 && ok2
	}
	return a.Equal(b)
}

func (s *scope) index(coll, key Value) Value {
	if v, ok := s.distribute(coll, func(c Value) Value { return s.index(c, key) }); ok {
		return v
	}
	switch {
	case coll.kind == Unknown:
		return coll
	case key.kind == Unknown || key.kind == String && key.Partial():
		return UnknownValue(mergeRefs(coll.allRefs(), key.Refs())...)
	}
	switch coll.kind {
	case List:
		i, ok := key.Int()
		if !ok || i < 0 {
			return s.fail()
		}
		if i < coll.Len() && !coll.Partial() {
			return coll.Elems()[i].with(coll.flags)
		}
		if coll.Partial() {
			return UnknownValue(coll.Refs()...)
		}
	case Map:
		if k, ok := key.Str(); ok {
			if v := coll.Get(k); v.kind != Absent {
				return v.with(coll.flags)
			}
		}
	}
	return s.fail()
}

// walk follows the steps of a traversal into a value.
func (s *scope) walk(v Value, steps hcl.Traversal) Value {
	for i, st := range steps {
		if w, ok := s.distribute(v, func(c Value) Value { return s.walk(c, steps[i:]) }); ok {
			return w
		}
		if v.kind == Unknown {
			refs := append([]Ref(nil), v.Refs()...)
			for j := range refs {
				refs[j].Path = joinPath(refs[j].Path, pathText(steps[i:]))
			}
			return UnknownValue(refs...).with(v.flags)
		}
		switch st := st.(type) {
		case hcl.TraverseAttr:
			if v.kind == List { // legacy attribute-style index: a.0
				return s.fail()
			}
			v = s.index(v, StringValue(st.Name))
		case hcl.TraverseIndex:
			v = s.index(v, fromCty(st.Key, nil))
		default:
			return s.fail()
		}
	}
	return v
}

func joinPath(a, b string) string {
	switch {
	case a == "" || b == "" || b[0] == '[':
		return a + b
	}
	return a + "." + b
}

func pathText(steps hcl.Traversal) string {
	var b strings.Builder
	for _, st := range steps {
		switch st := st.(type) {
		case hcl.TraverseAttr:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(st.Name)
		case hcl.TraverseIndex:
			b.WriteString(keySuffix(fromCty(st.Key, nil)))
		}
	}
	return b.String()
}

// keySuffix writes an instance key as addresses do: [0], ["a"], and [*] for unknown instances.
func keySuffix(k Value) string {
	switch k.kind {
	case Absent:
		return ""
	case Number:
		if t, ok := k.Str(); ok {
			return "[" + t + "]"
		}
	case String:
		if t, ok := k.Str(); ok {
			return "[" + quote(t) + "]"
		}
	}
	return "[*]"
}

func quote(t string) string {
	q := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{")
	return `"` + q.Replace(t) + `"`
}
