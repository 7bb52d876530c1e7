package main

import (
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

// request is one call as IAM sees it.
type request struct {
	action, resource string
	context          map[string]string
}

// allows reports whether identity policies allow a request: a statement that allows it, and none that denies it. An unknown part
// of a policy, such as the ID of a key that is not there yet, stands for whatever is asked.
func allows(policies []*iam.Policy, r request) bool {
	allowed := false
	for _, p := range policies {
		for _, s := range p.Statements {
			if !covers(s.Action, s.NotAction, r.action, matchAction) || !covers(s.Resource, s.NotResource, r.resource, matchResource) || !holds(s, r.context) {
				continue
			}
			if s.Effect == iam.Deny {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

func covers(has, not iam.Set, text string, match func(pattern, text string) bool) bool {
	matches := func(t iam.Text) bool { return match(strings.ReplaceAll(t.S, node.Hole, "*"), text) }
	if not.Present {
		return !slices.ContainsFunc(not.Items, matches)
	}
	return has.Partial || slices.ContainsFunc(has.Items, matches)
}

func matchAction(pattern, action string) bool { return actions.Match(pattern, action) }

// matchResource judges an action that takes no resource by "*" alone, as IAM does.
func matchResource(pattern, resource string) bool {
	if resource == "*" {
		return pattern == "*"
	}
	return actions.Glob(pattern, resource)
}

// holds reports whether the conditions of a statement hold; a key that the call does not have fails all but IfExists and Null.
func holds(s iam.Statement, context map[string]string) bool {
	for _, c := range s.Conditions {
		operator := c.Operator
		value, has := lookup(context, c.Key)
		if strings.EqualFold(operator, "Null") {
			if len(c.Values.Items) != 1 || strings.EqualFold(c.Values.Items[0].S, "true") == has {
				return false
			}
			continue
		}
		base, ifExists := strings.CutSuffix(operator, "IfExists")
		negative := strings.Contains(base, "Not")
		if !has {
			// A negated operator holds for a key that is not there.
			if ifExists || negative {
				continue
			}
			return false
		}
		matches := slices.ContainsFunc(c.Values.Items, func(t iam.Text) bool {
			pattern := strings.ReplaceAll(t.S, node.Hole, "*")
			switch {
			case strings.HasSuffix(base, "Like"), strings.HasPrefix(base, "Arn"):
				return actions.Glob(pattern, value)
			case strings.EqualFold(base, "Bool"):
				return strings.EqualFold(pattern, value)
			}
			return actions.Glob(pattern, value) && (pattern == value || strings.Contains(t.S, node.Hole))
		})
		if matches == negative {
			return false
		}
	}
	return true
}

func lookup(context map[string]string, key string) (string, bool) {
	for name, value := range context {
		if strings.EqualFold(name, key) {
			return value, true
		}
	}
	return "", false
}
