package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

const (
	// maxInstances bounds the instances of one block; the rest would only repeat the findings of the first.
	maxInstances = 1024
	// stepsPerBody is the work of a block that dynamic makes.
	stepsPerBody = 16
)

// Expansion is what count or for_each make of a block: a scope and a key for each instance.
type Expansion struct {
	Scopes []*Scope
	// Keys are Absent without count and for_each, and unknown for a block of unknown instances.
	Keys []value.Value
	// Single without count and for_each, ByKey with for_each, Unknown when there may be other instances.
	Single, ByKey, Unknown bool
}

// Expand evaluates count or for_each of a block of the module; s is the module's own scope.
func (s *Scope) Expand(b *hclsyntax.Block) Expansion {
	if a := b.Body.Attributes["count"]; a != nil {
		return s.byCount(a)
	}
	if a := b.Body.Attributes["for_each"]; a != nil {
		return s.byEach(a)
	}
	c := *s
	return Expansion{Scopes: []*Scope{&c}, Keys: []value.Value{{}}, Single: true}
}

// SetSelf gives the scope of one instance what self refers to.
func (s *Scope) SetSelf(self Self) { s.self = self }

func (s *Scope) byCount(a *hclsyntax.Attribute) Expansion {
	v := s.Eval(a.Expr)
	exp := Expansion{}
	n, ok := v.Int()
	if b, isBool := v.Bool(); isBool && v.Kind() == value.Bool { // OpenTofu and mistakes alike
		n, ok = 0, true
		if b {
			n = 1
		}
	}
	if !ok {
		c := *s
		c.count, c.each = value.UnknownValue(value.Ref{Address: "count", Path: "index", Module: s.in.Path}), nil
		return Expansion{Scopes: []*Scope{&c}, Keys: []value.Value{c.count}, Unknown: true}
	}
	if n > maxInstances {
		s.in.Work.Report(a.SrcRange, fmt.Sprintf("count = %d; the first %d instances were linted", n, maxInstances))
		n = maxInstances
	}
	for i := range n {
		c := *s
		c.count, c.each = value.IntValue(i), nil
		exp.Scopes = append(exp.Scopes, &c)
		exp.Keys = append(exp.Keys, c.count)
	}
	return exp
}

func (s *Scope) byEach(a *hclsyntax.Attribute) Expansion {
	v := s.Eval(a.Expr)
	exp := Expansion{ByKey: true, Unknown: v.Kind() == value.Unknown || v.Partial()}
	add := func(k, val value.Value) {
		c := *s
		c.count, c.each = value.Value{}, &eachValue{key: k, val: val}
		exp.Scopes = append(exp.Scopes, &c)
		exp.Keys = append(exp.Keys, k)
	}
	n := v.Len()
	if n > maxInstances {
		s.in.Work.Report(a.SrcRange, fmt.Sprintf("for_each over %d elements; the first %d were linted", n, maxInstances))
		n = maxInstances
	}
	switch v.Kind() {
	case value.Map:
		for i, k := range v.Keys()[:n] {
			add(value.StringValue(k), v.Vals()[i])
		}
	case value.List:
		for _, e := range v.Elems()[:n] {
			add(e, e)
		}
	case value.Unknown:
	default:
		return exp // wrong type or null: terraform validate says so
	}
	if exp.Unknown {
		key := value.UnknownValue(value.Ref{Address: "each", Path: "key", Module: s.in.Path})
		val := value.UnknownValue(v.Refs()...)
		if v.Kind() == value.List {
			val = key
		}
		add(key, val)
	}
	return exp
}

// dynamic expands a dynamic block.
func (s *Scope) dynamic(b *hclsyntax.Block) []*Body {
	var content *hclsyntax.Block
	for _, c := range b.Body.Blocks {
		if c.Type == "content" {
			content = c
		}
	}
	each := b.Body.Attributes["for_each"]
	if content == nil || each == nil {
		return nil
	}
	iterator := b.Labels[0]
	if a := b.Body.Attributes["iterator"]; a != nil {
		if kw := hcl.ExprAsKeyword(a.Expr); kw != "" {
			iterator = kw
		}
	}
	v := s.Eval(each.Expr)
	var out []*Body
	add := func(k, val value.Value, maybe bool) {
		it := value.MapValue(map[string]value.Value{"key": k, "value": val})
		if s.Step(stepsPerBody) {
			out = append(out, &Body{scope: s.bind(iterator, it), hcl: content.Body, loc: value.At(module.HeaderRange(b)), maybe: maybe})
		}
	}
	n := min(v.Len(), maxInstances)
	switch v.Kind() {
	case value.Map:
		for i, k := range v.Keys()[:n] {
			add(value.StringValue(k), v.Vals()[i], false)
		}
	case value.List:
		for i, e := range v.Elems()[:n] {
			k := value.IntValue(i)
			if v.FromSet() {
				k = e
			}
			add(k, e, false)
		}
	}
	if v.Kind() == value.Unknown || v.Partial() {
		add(value.UnknownValue(v.Refs()...), value.UnknownValue(v.Refs()...), true)
	}
	return out
}
