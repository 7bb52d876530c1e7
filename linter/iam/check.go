package iam

import (
	"fmt"
	"sort"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

// Kind says what a policy is for, which decides what it is checked for.
type Kind uint8

// The kinds of policies.
const (
	// Identity grants to the user, group or role that it is attached to.
	Identity Kind = iota
	// Trust says who may assume a role.
	Trust
	// Resource stands on one resource, which is what Resource "*" means there.
	Resource
	// AccountResource stands on a whole service of the account.
	AccountResource
	// Limit grants nothing by itself: endpoint, session and organization policies, permissions boundaries.
	Limit
)

// Finding is one result of Check.
type Finding struct {
	// Rule is the name of the linter's rule.
	Rule string
	// Message begins with a verb whose subject is the policy, as in `allows "s3:*" …`.
	Message string
	// Statement is the position of the statement, Sid its identifier.
	Statement int
	Sid       string
	// Origin is the Origin of the text that the finding is about.
	Origin any
	// Evidence is the defect without what the table of actions knows of it, which changes with the table; empty where the message rests
	// on the policy alone.
	Evidence string
}

// maxPatterns bounds the wildcards that are compared with the table of actions: a policy that AWS accepts has some hundred.
const maxPatterns = 1000

// maxGuesses bounds the search for the nearest spelling, which compares with every action of a service.
const maxGuesses = 100

type checker struct {
	policy   *Policy
	kind     Kind
	admin    []bool // statements that iam_admin_policy has reported, of which the lesser findings are left out
	findings []Finding
	counts   map[string]actions.Grant
	guesses  int
}

// Guess says what kind of policy this is, as far as its text tells: principals make it a resource policy, and with
// nothing but sts:AssumeRole and its like a trust policy.
func (p *Policy) Guess() Kind {
	kind := Identity
	for i := range p.Statements {
		s := &p.Statements[i]
		if !s.Principal.Present && !s.NotPrincipal.Present {
			continue
		}
		if kind == Identity {
			kind = Trust
		}
		for _, a := range s.Action.Items {
			if !actions.Match("sts:*", a.S) {
				kind = Resource
			}
		}
	}
	return kind
}

// Check returns what is wrong with the policy's Allow statements, in the order of the text. Deny is never a finding and
// never an excuse. The result is empty for a policy that is clean, never nil because something was unknown.
func (p *Policy) Check(kind Kind) []Finding {
	c := &checker{policy: p, kind: kind, admin: make([]bool, len(p.Statements)), counts: map[string]actions.Grant{}, findings: []Finding{}}
	for i := range p.Statements {
		if s := &p.Statements[i]; s.Effect == Allow {
			c.actions(i, s)
			if kind == Limit {
				continue
			}
			c.negations(i, s)
			c.principals(i, s)
			if kind == Identity || kind == AccountResource {
				c.adminStatement(i, s)
				c.resources(i, s)
				c.passRole(i, s)
			}
		}
	}
	if kind == Identity {
		c.escalations()
	}
	sort.SliceStable(c.findings, func(i, j int) bool { return c.findings[i].Statement < c.findings[j].Statement })
	return c.findings
}

func (c *checker) report(rule string, statement int, at Text, format string, args ...any) {
	sid := c.policy.Statements[statement].Sid.S
	c.findings = append(c.findings, Finding{rule, fmt.Sprintf(format, args...), statement, sid, at.Origin, ""})
}

// count is Count, once for each pattern and a bounded number of times; ok is false beyond the bound.
func (c *checker) count(pattern string) (actions.Grant, bool) {
	pattern = strings.ToLower(pattern)
	g, ok := c.counts[pattern]
	if !ok {
		if len(c.counts) >= maxPatterns {
			return g, false
		}
		g = actions.Count(pattern)
		c.counts[pattern] = g
	}
	return g, true
}

// actions reports wildcards in Action and names that do not exist.
func (c *checker) actions(i int, s *Statement) {
	for _, a := range s.Action.Items {
		if wild(a.S) && c.kind != Limit {
			c.wildcardAction(i, a)
		}
		if a.Known() {
			c.unknownAction(i, a)
		}
	}
	for _, a := range s.NotAction.Items {
		if a.Known() {
			c.unknownAction(i, a)
		}
	}
}

func (c *checker) wildcardAction(i int, a Text) {
	if !a.Known() {
		c.report("iam_wildcard_action", i, a, "allows %s by a wildcard; list the actions that are used", a)
		return
	}
	g, ok := c.count(a.S)
	switch {
	case !ok:
		c.report("iam_wildcard_action", i, a, "allows %s by a wildcard; list the actions that are used", a)
	case g.Total > 0:
		c.report("iam_wildcard_action", i, a, "allows %s, which %s; list the actions that are used", a, g)
		c.findings[len(c.findings)-1].Evidence = fmt.Sprintf("allows %s by a wildcard", a)
	}
}

func (c *checker) unknownAction(i int, a Text) {
	const rule = "iam_unknown_action"
	if a.S == "*" {
		return
	}
	prefix, name, colon := strings.Cut(a.S, ":")
	if !colon {
		c.report(rule, i, a, `names the action %s, which has no service before a colon`, a)
		return
	}
	if wild(a.S) {
		if g, ok := c.count(a.S); ok && g.Total == 0 {
			c.report(rule, i, a, "names the action %s, which matches no action", a)
		}
		return
	}
	if _, ok := actions.Find(a.S); ok {
		return
	}
	_, service := actions.FindService(prefix)
	nearest, near := "", false
	if c.guesses < maxGuesses {
		c.guesses++
		nearest, near = actions.Nearest(a.S)
	}
	switch {
	case near:
		c.report(rule, i, a, "names the action %s, which does not exist; did you mean %s?", a, node.Quote(nearest))
	case service:
		c.report(rule, i, a, "names the action %s, which does not exist: %s has no action %s", a, prefix, node.Quote(name))
	default:
		c.report(rule, i, a, "names the action %s, which does not exist: there is no service prefix %s", a, node.Quote(prefix))
	}
}

// negations reports elements that allow everything but a list.
func (c *checker) negations(i int, s *Statement) {
	const rule = "iam_not_action"
	if n := s.NotAction; n.Present {
		c.report(rule, i, Text{Origin: n.Origin}, "allows by NotAction every action%s, and what AWS adds later; list the actions under Action", but(n))
	}
	if n := s.NotResource; n.Present {
		c.report(rule, i, Text{Origin: n.Origin}, "allows %s by NotResource on every resource%s; list the resources under Resource", c.what(s), but(n))
	}
	if n := s.NotPrincipal; n.Present {
		c.report(rule, i, Text{Origin: n.Origin}, "allows %s by NotPrincipal to everybody in the world but a few; list the principals under Principal", c.what(s))
	}
}

func but(s Set) string {
	switch n := len(s.Items); n {
	case 0:
		return " but some"
	case 1:
		return " but " + s.Items[0].String()
	default:
		return fmt.Sprintf(" but %s and %d more", s.Items[0], n-1)
	}
}

// principals reports principals that are everybody without a condition that says who.
func (c *checker) principals(i int, s *Statement) {
	const rule = "iam_wildcard_principal"
	for _, e := range s.Principal.Entries {
		v := e.Value
		switch {
		case actions.OnlyStars(v.S) || e.Kind == "AWS" && wildAccount(v):
			if s.Restricts() {
				continue
			}
			who := "everybody in the world"
			if e.Kind == "AWS" && !actions.OnlyStars(v.S) {
				who = "principals of every account"
			}
			c.report(rule, i, v, "allows %s to principal %s, that is %s%s; name the principals, or add a condition on aws:PrincipalOrgID, aws:SourceAccount or aws:SourceArn", c.what(s), v, who, weak(s))
		case e.Kind == "Federated":
			host, claims, say, ok := issuer(v.S)
			if !v.Known() {
				host, claims, say, ok = s.issuerOfKeys()
			}
			if ok && !s.limitsIssuer(host, claims) {
				c.report(rule, i, v, "trusts every token of %s%s; add a condition on %s:%s that names %s", v, weak(s), host, claims[0], say)
			}
		}
	}
}

// wildAccount finds arn:aws:iam::*:root and the like, which AWS takes as everybody or refuses.
func wildAccount(v Text) bool {
	f := strings.SplitN(v.S, ":", 6)
	return len(f) == 6 && f[0] == "arn" && wild(f[4])
}

// weak explains why the conditions that stand there do not help.
func weak(s *Statement) string {
	if len(s.Conditions) == 0 {
		return ""
	}
	c := s.Conditions[0]
	return fmt.Sprintf(", which the condition %s on %s does not limit", node.Quote(c.Operator), node.Quote(c.Key))
}

// what names the statement's first action.
func (c *checker) what(s *Statement) string {
	switch n := len(s.Action.Items); {
	case n == 0:
		return "all but some actions"
	case n == 1:
		return s.Action.Items[0].String()
	default:
		return fmt.Sprintf("%s and %d more", s.Action.Items[0], n-1)
	}
}

// adminStatement reports statements that make their holder an administrator.
func (c *checker) adminStatement(i int, s *Statement) {
	every := false
	for _, r := range s.Resource.Items {
		w, _ := ResourceWidth(r.S)
		every = every || w == EveryResource
	}
	if !every {
		return
	}
	for _, a := range s.Action.Items {
		if !a.Known() {
			continue
		}
		service, name, colon := strings.Cut(a.S, ":")
		switch {
		case actions.OnlyStars(a.S), colon && actions.OnlyStars(service) && actions.OnlyStars(name):
			c.admin[i] = true
			c.report("iam_admin_policy", i, a, `allows %s on "*", so its holder is an administrator; list actions and resources`, a)
		case strings.EqualFold(service, "iam") && actions.OnlyStars(name):
			c.admin[i] = true
			c.report("iam_admin_policy", i, a, `allows %s on "*", so its holder can make itself an administrator; list actions and resources`, a)
		}
	}
}

// resources reports resources that are wider than the actions need, and statements that mix actions with and without resources.
func (c *checker) resources(i int, s *Statement) {
	if len(s.Resource.Items) == 0 || !s.Action.Present {
		return
	}
	const rule = "iam_wildcard_resource"
	needs, none := c.split(s)
	for _, r := range s.Resource.Items {
		switch w, part := ResourceWidth(r.S); {
		case w == WidePart:
			c.report(rule, i, r, "allows %s on %s, which reaches %s; name the resources", c.what(s), r, part)
		case w == Named || len(needs) == 0:
		case len(none) > 0:
			c.report(rule, i, r, "allows %s on %s because %s takes no resource; split the statement and name the resources of %s%s", needs[0], r, none[0], needs[0], example(needs[0]))
		case len(needs) == 1:
			c.report(rule, i, r, "allows %s on %s; name the resources%s", needs[0], r, example(needs[0]))
		case len(needs) == 2:
			c.report(rule, i, r, "allows %s and %s on %s; name the resources%s", needs[0], needs[1], r, example(needs[0]))
		default:
			c.report(rule, i, r, "allows %s and %d more actions on %s; name the resources%s", needs[0], len(needs)-1, r, example(needs[0]))
		}
	}
	for _, r := range s.Resource.Items {
		if w, _ := ResourceWidth(r.S); w == EveryResource || !r.Known() && len(strings.Trim(r.S, node.Hole)) == 0 {
			return
		}
	}
	if len(none) > 0 && !s.Resource.Partial {
		c.report(rule, i, s.Resource.Items[0], `allows %s on %s only, but it takes no resource, so it is never allowed; move it to a statement with Resource "*"`, none[0], s.Resource.Items[0])
	}
}

// split sorts the statement's actions into those that need a resource and those that take none, each quoted. A wildcard
// stands among the former when any action that it matches needs a resource.
func (c *checker) split(s *Statement) (needs, none []string) {
	for _, a := range s.Action.Items {
		if !a.Known() {
			continue
		}
		if !wild(a.S) {
			if action, ok := actions.Find(a.S); ok {
				switch action.Support() {
				case actions.NeedsResource:
					needs = append(needs, a.String())
				case actions.NoResource:
					none = append(none, a.String())
				}
			}
			continue
		}
		switch any, all := c.support(a.S); {
		case any:
			needs = append(needs, a.String())
		case all:
			none = append(none, a.String())
		}
	}
	return needs, none
}

// support reports whether some action that the wildcard matches needs a resource, and whether none takes one.
func (c *checker) support(pattern string) (some, none bool) {
	g, ok := c.count(pattern)
	if !ok || g.Total == 0 {
		return false, false
	}
	service, name, colon := strings.Cut(pattern, ":")
	if !colon || wild(service) {
		return true, false
	}
	s, ok := actions.FindService(service)
	if !ok {
		return false, false
	}
	none = true
	for i := range s.Actions {
		if actions.Match(name, s.Actions[i].Name) {
			switch s.Actions[i].Support() {
			case actions.NeedsResource:
				return true, false
			case actions.OptionalResource:
				none = false
			}
		}
	}
	return false, none
}

// example shows the shape of a resource that the action takes.
func example(action string) string {
	a, ok := actions.Find(strings.Trim(action, `"`))
	if !ok {
		return ""
	}
	// The shortest pattern is the plain one: the object of a bucket rather than that of an access point.
	arn, required := "", false
	for _, r := range a.Resources {
		if t := r.Type.ARN; t != "" && t != "*" && (arn == "" || r.Required && !required || r.Required == required && len(t) < len(arn)) {
			arn, required = t, r.Required
		}
	}
	if arn == "" {
		return ""
	}
	return ", such as " + strings.NewReplacer("${Partition}", "aws", "${Region}", "REGION", "${Account}", "ACCOUNT", "${", "", "}", "").Replace(arn)
}

// passRole reports iam:PassRole without named roles or without the service that may take them.
func (c *checker) passRole(i int, s *Statement) {
	const rule = "iam_pass_role"
	if c.admin[i] || !s.allows("iam:PassRole") {
		return
	}
	for _, r := range s.Resource.Items {
		if wild(r.S) {
			c.report(rule, i, r, "allows iam:PassRole on %s; name the execution role's ARN", r)
		}
	}
	if !s.limitedBy([]string{"iam:passedtoservice"}) {
		at := s.Action.Items[0]
		for _, a := range s.Action.Items {
			if a.Known() && actions.Match(a.S, "iam:PassRole") {
				at = a
			}
		}
		c.report(rule, i, at, "allows iam:PassRole to every service%s; add a condition StringEquals on iam:PassedToService", weak(s))
	}
}
