package lang

import (
	"context"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/budget"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/functions"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// Work is the evaluation of one root module, which all its scopes share.
type Work struct {
	functions.Caller
	templates map[string]hclsyntax.Expression
	inFile    int // nesting of templatefile
}

// Names knows what the references of a module stand for.
type Names interface {
	// Reference evaluates a reference to anything but local names, each, count and self.
	Reference(s *Scope, t hcl.Traversal) value.Value
	// References lists every object that an expression depends on, sorted by address.
	References(s *Scope, e hclsyntax.Expression) []value.Ref
}

// Module is what the scopes of one module instance share.
type Module struct {
	Work *Work
	// Names is nil where nothing but local names can be referred to: in a template or a file of variables.
	Names Names
	// Path is the address of the instance.
	Path string
}

// Self is the object that self refers to.
type Self interface {
	// Referenced evaluates an attribute as a reference to it sees it.
	Referenced(attribute string) value.Value
}

// Scope is where an expression is evaluated.
type Scope struct {
	in    *Module
	names *binding
	each  *eachValue
	count value.Value // count.index; Absent outside count
	self  Self
	// opaque scopes know only part of their names: a name that is missing is unknown, not wrong.
	opaque bool
}

// NewScope returns the scope of a module's own expressions.
func NewScope(m *Module) *Scope { return &Scope{in: m} }

// Constants returns a scope without names, files or bounds of a root module.
func Constants() *Scope {
	return NewScope(&Module{Work: &Work{Caller: functions.Caller{Budget: budget.New(context.Background(), "", 0)}}})
}

type eachValue struct{ key, val value.Value }

type binding struct {
	name string
	sym  *hclsyntax.AnonSymbolExpr
	val  value.Value
	next *binding
}

func (s *Scope) bind(name string, v value.Value) *Scope {
	c := *s
	c.names = &binding{name: name, val: v, next: s.names}
	return &c
}

// Eval evaluates one expression. It never fails: what is wrong or not known is unknown.
func (s *Scope) Eval(e hclsyntax.Expression) value.Value {
	w := s.in.Work
	if !w.Enter() {
		return w.TooDeep(e.Range())
	}
	if !w.Spend(1) {
		w.Leave()
		return value.UnknownValue()
	}
	v := s.evalNode(e)
	w.Leave()
	if v.Source() == nil {
		return v.WithSource(e)
	}
	return v
}

// Fail counts an error and yields an unknown value.
func (s *Scope) Fail() value.Value { return s.in.Work.Fail() }

// Step spends work; it returns false when the root's budget or time is used up.
func (s *Scope) Step(n int) bool { return s.in.Work.Spend(n) }

// Bound reports that the scope has local names.
func (s *Scope) Bound() bool { return s.names != nil }

// Lookup returns what a local name is bound to.
func (s *Scope) Lookup(name string) (value.Value, bool) {
	for b := s.names; b != nil; b = b.next {
		if b.sym == nil && b.name == name {
			return b.val, true
		}
	}
	return value.Value{}, false
}

// traversal evaluates a reference.
func (s *Scope) traversal(t hcl.Traversal) value.Value {
	name := t.RootName()
	if v, ok := s.Lookup(name); ok {
		return s.Walk(v, t[1:])
	}
	if s.in.Names == nil {
		if s.opaque {
			return value.UnknownValue()
		}
		return s.Fail()
	}
	switch name {
	case "each":
		return s.eachRef(t)
	case "count":
		if s.count.Kind() != value.Absent && Second(t) == "index" {
			return s.count
		}
		return s.Fail()
	case "self":
		if attr := Second(t); s.self != nil && attr != "" {
			return s.Walk(s.self.Referenced(attr), t[2:])
		}
		return value.UnknownValue()
	}
	return s.in.Names.Reference(s, t)
}

// Second is the second name of a reference: "index" of count.index; empty without one.
func Second(t hcl.Traversal) string {
	if len(t) > 1 {
		if a, ok := t[1].(hcl.TraverseAttr); ok {
			return a.Name
		}
	}
	return ""
}

func (s *Scope) eachRef(t hcl.Traversal) value.Value {
	if s.each == nil {
		return s.Fail()
	}
	switch Second(t) {
	case "key":
		return s.each.key
	case "value":
		return s.Walk(s.each.val, t[2:])
	}
	return s.Fail()
}
