// Package iam reads IAM policies and says what they allow. In goes the text of a policy, or a tree of nodes in which parts may be
// unknown; out come statements and findings. The package is pure: it does no I/O and holds no state but a cache of the
// embedded table of AWS actions, of which it decodes only the services that a policy names.
//
// Unknown parts are never a finding and never hide a known one.
package iam

import (
	"fmt"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

// Policy is a policy document.
type Policy struct {
	Version    Text
	Statements []Statement
	// Partial: there may be further statements.
	Partial bool
	// Problems are departures from the grammar of policies, in the order of the text.
	Problems []Problem
}

// Text is a string of a policy.
type Text struct {
	// S is the text with a Hole for every unknown part.
	S      string
	Origin any
}

// Known reports whether no part of the text is unknown.
func (t Text) Known() bool { return !strings.Contains(t.S, node.Hole) }

// String shows the text in a message.
func (t Text) String() string { return node.Quote(t.S) }

// Effect is what a statement does.
type Effect uint8

// The effects; UnknownEffect is one that only a later evaluation can tell.
const (
	UnknownEffect Effect = iota
	Allow
	Deny
)

// Set is the value of an element that takes one text or several.
type Set struct {
	Items []Text
	// Present: the element is written.
	Present bool
	// Partial: there may be further items.
	Partial bool
	Origin  any
}

// Statement is one statement. Elements that are not written are not Present.
type Statement struct {
	Sid    Text
	Effect Effect

	Action, NotAction       Set
	Resource, NotResource   Set
	Principal, NotPrincipal Principals

	Conditions []Condition
	// ConditionsPartial: there may be further conditions.
	ConditionsPartial bool

	Origin any
}

// Principals is the value of a Principal element.
type Principals struct {
	Present, Partial bool
	Entries          []PrincipalEntry
	Origin           any
}

// PrincipalEntry is one principal. Kind is AWS, Service, Federated, CanonicalUser, or "*" for Principal = "*".
type PrincipalEntry struct {
	Kind  string
	Value Text
}

// Condition is one key of one operator: all must hold, and for each any value does.
type Condition struct {
	Operator, Key string
	Values        Set
	Origin        any
}

// Problem is a departure from the grammar.
type Problem struct {
	Message string
	Origin  any
}

// Parse reads a policy from its text, in which a Hole may stand for unknown parts.
func Parse(text string) (*Policy, error) {
	n, err := node.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	return Build(n), nil
}

// Build makes a policy from a node. Elements are found whatever their case, since a grant must not hide behind a spelling.
func Build(n node.Node) *Policy {
	p := &Policy{}
	switch n.Kind {
	case node.Unknown, node.Null:
		p.Partial = true
		return p
	case node.Object:
	default:
		p.problem(n.Origin, "a policy is an object with Version and Statement")
		return p
	}
	p.Partial = n.Partial
	found := false
	for i, key := range n.Keys {
		v := n.Elems[i]
		switch strings.ToLower(key) {
		case "version":
			p.Version = p.text(v, "Version")
		case "id":
		case "statement":
			found = true
			p.statements(v)
		default:
			p.problem(v.Origin, "the policy has an element %s; its elements are Version, Id and Statement", node.Quote(key))
		}
	}
	if !found && !n.Partial {
		p.problem(n.Origin, "the policy has no Statement")
	}
	return p
}

func (p *Policy) problem(origin any, format string, args ...any) {
	const most = 100 // a hostile policy must not fill the memory with its own problems
	if len(p.Problems) < most {
		p.Problems = append(p.Problems, Problem{fmt.Sprintf(format, args...), origin})
	}
}

func (p *Policy) statements(n node.Node) {
	switch n.Kind {
	case node.Unknown, node.Null:
		p.Partial = true
	case node.Object:
		p.Statements = append(p.Statements, p.statement(n))
	case node.List:
		p.Partial = p.Partial || n.Partial
		for _, e := range n.Elems {
			switch e.Kind {
			case node.Object:
				p.Statements = append(p.Statements, p.statement(e))
			case node.Unknown:
				p.Partial = true
			default:
				p.problem(e.Origin, "a statement is an object")
			}
		}
	default:
		p.problem(n.Origin, "Statement is an object or a list of objects")
	}
}

func (p *Policy) statement(n node.Node) Statement {
	s := Statement{Origin: n.Origin}
	effect := false
	for i, key := range n.Keys {
		v := n.Elems[i]
		switch strings.ToLower(key) {
		case "sid":
			s.Sid = p.text(v, "Sid")
		case "effect":
			effect = true
			s.Effect = p.effect(v)
		case "action":
			s.Action.add(p.set(v, "Action"))
		case "notaction":
			s.NotAction.add(p.set(v, "NotAction"))
		case "resource":
			s.Resource.add(p.set(v, "Resource"))
		case "notresource":
			s.NotResource.add(p.set(v, "NotResource"))
		case "principal":
			s.Principal = p.principals(v)
		case "notprincipal":
			s.NotPrincipal = p.principals(v)
		case "condition":
			p.conditions(&s, v)
		default:
			p.problem(v.Origin, "a statement has an element %s, which IAM does not know", node.Quote(key))
		}
	}
	switch {
	case n.Partial:
		// Any element that is missing may be among the unknown ones.
		s.ConditionsPartial = true
		for _, set := range []*Set{&s.Action, &s.Resource} {
			set.Partial = set.Partial || !set.Present
		}
		s.Principal.Partial = s.Principal.Partial || !s.Principal.Present
	case !effect:
		p.problem(n.Origin, "a statement has no Effect")
	case !s.Action.Present && !s.NotAction.Present:
		p.problem(n.Origin, "a statement has no Action")
	}
	if s.Action.Present && s.NotAction.Present {
		p.problem(n.Origin, "a statement has both Action and NotAction")
	}
	if s.Resource.Present && s.NotResource.Present {
		p.problem(n.Origin, "a statement has both Resource and NotResource")
	}
	return s
}

func (s *Set) add(t Set) {
	s.Present, s.Partial, s.Origin = true, s.Partial || t.Partial, t.Origin
	s.Items = append(s.Items, t.Items...)
}

func (p *Policy) text(n node.Node, element string) Text {
	switch n.Kind {
	case node.Text:
		return Text{n.Text, n.Origin}
	case node.Unknown:
		return Text{node.Hole, n.Origin}
	}
	p.problem(n.Origin, "%s is a string", element)
	return Text{Origin: n.Origin}
}

func (p *Policy) effect(n node.Node) Effect {
	t := p.text(n, "Effect")
	switch {
	case strings.EqualFold(t.S, "Allow"):
		return Allow
	case strings.EqualFold(t.S, "Deny"):
		return Deny
	case n.Kind == node.Text && t.Known():
		p.problem(n.Origin, "Effect is %s; it is Allow or Deny", t)
	}
	return UnknownEffect
}

func (p *Policy) set(n node.Node, element string) Set {
	s := Set{Present: true, Origin: n.Origin}
	switch n.Kind {
	case node.Text:
		s.Items = []Text{{n.Text, n.Origin}}
	case node.Unknown:
		s.Partial = true
	case node.Null:
		s.Present = false
	case node.List:
		s.Partial = n.Partial
		for _, e := range n.Elems {
			switch e.Kind {
			case node.Text:
				s.Items = append(s.Items, Text{e.Text, e.Origin})
			case node.Unknown:
				s.Partial = true
			default:
				p.problem(e.Origin, "%s takes strings", element)
			}
		}
	default:
		p.problem(n.Origin, "%s is a string or a list of strings", element)
	}
	return s
}

func (p *Policy) principals(n node.Node) Principals {
	out := Principals{Present: true, Origin: n.Origin}
	switch n.Kind {
	case node.Text:
		if n.Text != "*" && !strings.Contains(n.Text, node.Hole) {
			p.problem(n.Origin, `Principal is %s; a single text can only be "*"`, node.Quote(n.Text))
		}
		out.Entries = []PrincipalEntry{{"*", Text{n.Text, n.Origin}}}
	case node.Unknown:
		out.Partial = true
	case node.Object:
		out.Partial = n.Partial
		for i, key := range n.Keys {
			kind := ""
			for _, k := range []string{"AWS", "Service", "Federated", "CanonicalUser"} {
				if strings.EqualFold(key, k) {
					kind = k
				}
			}
			if kind == "" {
				kind = key
				p.problem(n.Elems[i].Origin, "Principal has a kind %s; the kinds are AWS, Service, Federated and CanonicalUser", node.Quote(key))
			}
			set := p.set(n.Elems[i], "Principal")
			if kind == "Federated" && set.Partial && len(set.Items) == 0 { // the conditions may tell which provider it is
				set.Items = []Text{{node.Hole, n.Elems[i].Origin}}
			}
			out.Partial = out.Partial || set.Partial
			for _, v := range set.Items {
				out.Entries = append(out.Entries, PrincipalEntry{kind, v})
			}
		}
	default:
		p.problem(n.Origin, `Principal is "*" or an object`)
	}
	return out
}

func (p *Policy) conditions(s *Statement, n node.Node) {
	switch n.Kind {
	case node.Unknown:
		s.ConditionsPartial = true
		return
	case node.Null:
		return
	case node.Object:
	default:
		p.problem(n.Origin, "Condition is an object of operators")
		return
	}
	s.ConditionsPartial = s.ConditionsPartial || n.Partial
	for i, operator := range n.Keys {
		keys := n.Elems[i]
		if keys.Kind != node.Object {
			if keys.Kind == node.Unknown {
				s.ConditionsPartial = true
			} else {
				p.problem(keys.Origin, "the condition operator %s takes an object of keys", node.Quote(operator))
			}
			continue
		}
		s.ConditionsPartial = s.ConditionsPartial || keys.Partial
		for j, key := range keys.Keys {
			v := keys.Elems[j]
			s.Conditions = append(s.Conditions, Condition{operator, key, p.set(v, "a condition"), v.Origin})
		}
	}
}

// Combine returns a policy with the statements of all, as they add up for whoever holds them.
func Combine(policies ...*Policy) *Policy {
	all := &Policy{}
	for _, p := range policies {
		all.Statements = append(all.Statements, p.Statements...)
		all.Partial = all.Partial || p.Partial
	}
	return all
}
