package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxChoice bounds the parts of both alternatives of a choice, beyond which it is plainly unknown: choices in choices would
// double without end.
const maxChoice = 1000

// maxConditions bounds the conditions that Cases tells apart; those beyond stay unknown.
const maxConditions = 4

// choice is a value that is yes or no, as a condition that is not known decides.
type choice struct {
	cond    condition
	yes, no Value
	refs    []Ref
	weight  int
}

// test is what an unknown bool remembers of the comparison that it is the result of.
type test struct {
	refs []Ref
	s    *scope
	expr hclsyntax.Expression
}

// condition identifies a test without deciding it. Two are the same when subject and is are; when is is not empty the test is that
// the subject equals it, so that two of one subject exclude each other.
type condition struct {
	subject, is string
	// says what holds and what does not, for messages.
	yes, no string
}

func (c condition) same(d condition) bool { return c.subject == d.subject && c.is == d.is }
func (c condition) excludes(d condition) bool {
	return c.subject == d.subject && c.is != d.is && c.is != "" && d.is != ""
}

// choose makes a choice, of which both alternatives' common keys are known at once.
func (s *scope) choose(e hclsyntax.Expression, c, yes, no Value) Value {
	v := either(yes, no, c.Refs())
	if v.IsKnown() {
		return v
	}
	cond, negated := s.condition(e, c, 0)
	if negated {
		yes, no = no, yes
	}
	return v.choosing(cond, yes, no)
}

// choosing attaches the alternatives to what is certain of them both.
func (v Value) choosing(cond condition, yes, no Value) Value {
	c := &choice{cond: cond, yes: yes, no: no, refs: v.Refs()}
	if c.weight = 1 + yes.weight(maxChoice) + no.weight(maxChoice); c.weight > maxChoice {
		return v
	}
	switch d := v.data.(type) {
	case *object:
		v.data = &object{keys: d.keys, vals: d.vals, refs: d.refs, choice: c}
	case nil, []Ref, *test, *choice:
		if v.kind == Unknown {
			v.data = c
		}
	}
	return v
}

// weight counts the parts of a value, up to a bound.
func (v Value) weight(most int) int {
	n := 1
	if c := v.choice(); c != nil {
		return c.weight
	}
	if t, ok := v.data.(*text); ok && t.orig != nil {
		return n + t.orig.weight(most)
	}
	v.Each(func(_ string, e Value) {
		if n <= most {
			n += e.weight(most - n)
		}
	})
	return n
}

func (v Value) choice() *choice {
	switch d := v.data.(type) {
	case *choice:
		return d
	case *object:
		return d.choice
	}
	return nil
}

// distribute applies f to both alternatives of a choice; ok is false for any other value. Errors in an alternative are none of the
// whole.
func (s *scope) distribute(v Value, f func(Value) Value) (out Value, ok bool) {
	c := v.choice()
	if c == nil {
		return v, false
	}
	root := s.m.root
	failures := root.failures
	defer func() { root.failures = failures }()
	if !s.step(c.weight / 4) {
		return UnknownValue(c.refs...), true
	}
	yes, no := f(c.yes), f(c.no)
	return either(yes, no, c.refs).choosing(c.cond, yes, no).with(v.flags), true
}

// spreadless functions give the same whatever the alternatives are, or look at files and tell nothing by doing it twice.
var spreadless = map[string]bool{"file": true, "fileexists": true, "fileset": true, "filebase64": true, "nonsensitive": true, "sensitive": true,
	"issensitive": true, "jsonencode": true, "type": true}

// spread calls a function for both alternatives of every argument that is a choice; ok is false when none is, or too many are.
func (s *scope) spread(f func([]Value) Value, name string, args []Value) (out Value, ok bool) {
	at, weight := -1, 1
	for i := range args {
		if c := args[i].choice(); c != nil {
			at = i
			if weight *= c.weight; weight > maxChoice {
				return Value{}, false
			}
		}
	}
	if at < 0 || spreadless[name] {
		return Value{}, false
	}
	return s.distribute(args[at], func(v Value) Value {
		args := slices.Clone(args)
		args[at] = v
		if out, ok := s.spread(f, name, args); ok {
			return out
		}
		return f(args)
	})
}

// condition identifies an expression whose value is unknown; negated when it is the opposite of what is identified.
func (s *scope) condition(e hclsyntax.Expression, v Value, depth int) (c condition, negated bool) {
	const most = 20
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		if depth < most {
			return s.condition(x.Expression, v, depth+1)
		}
	case *hclsyntax.UnaryOpExpr:
		if x.Op == hclsyntax.OpLogicalNot && depth < most {
			c, negated = s.condition(x.Val, s.eval(x.Val), depth+1)
			return c, !negated
		}
	case *hclsyntax.BinaryOpExpr:
		if x.Op == hclsyntax.OpEqual || x.Op == hclsyntax.OpNotEqual {
			return s.equality(x), x.Op == hclsyntax.OpNotEqual
		}
	case *hclsyntax.ScopeTraversalExpr:
		if t, ok := v.data.(*test); ok && depth < most {
			return t.s.condition(t.expr, v, depth+1)
		}
		name := x.Traversal.RootName() + "." + pathText(x.Traversal[1:])
		return condition{subject: s.m.Path + "|" + name, yes: name + " is true", no: name + " is false"}, false
	}
	about := aboutRefs(v.Refs())
	return condition{subject: s.shape(e, 0), yes: about + " holds", no: about + " does not hold"}, false
}

// equality identifies a comparison with something known by what is compared and with what.
func (s *scope) equality(x *hclsyntax.BinaryOpExpr) condition {
	for _, o := range [2][2]hclsyntax.Expression{{x.LHS, x.RHS}, {x.RHS, x.LHS}} {
		v := s.eval(o[0])
		is, ok := s.eval(o[1]).Str()
		if !ok || v.IsKnown() {
			continue
		}
		c := condition{subject: s.shape(o[0], 0), is: "=" + is}
		if t, ok := o[0].(*hclsyntax.ScopeTraversalExpr); ok && plainWord(is) && !v.Sensitive() {
			name := t.Traversal.RootName() + "." + pathText(t.Traversal[1:])
			c.yes, c.no = fmt.Sprintf("%s is %q", name, is), fmt.Sprintf("%s is not %q", name, is)
			return c
		}
		about := aboutRefs(v.Refs())
		c.yes, c.no = about+" holds", about+" does not hold"
		return c
	}
	about := aboutRefs(append(s.eval(x.LHS).Refs(), s.eval(x.RHS).Refs()...))
	return condition{subject: s.shape(x.LHS, 0) + "==" + s.shape(x.RHS, 0), yes: about + " holds", no: about + " does not hold"}
}

// plainWord reports whether a message may show the text: a word such as prod, which is no secret.
func plainWord(t string) bool {
	return len(t) > 0 && len(t) <= 16 && strings.Trim(strings.ToLower(t), "abcdefghijklmnopqrstuvwxyz-_") == ""
}

func aboutRefs(refs []Ref) string {
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
func (s *scope) shape(e hclsyntax.Expression, depth int) string {
	if depth > 20 {
		return e.Range().String()
	}
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return s.shape(x.Expression, depth+1)
	case *hclsyntax.ScopeTraversalExpr:
		return s.m.Path + "|" + x.Traversal.RootName() + "." + pathText(x.Traversal[1:])
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
	if v := s.eval(e); v.IsKnown() {
		return canonical(v)
	}
	return e.Range().String()
}
