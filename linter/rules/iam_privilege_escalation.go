package rules

import (
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMPrivilegeEscalation reports known ways from a policy to more rights.
var IAMPrivilegeEscalation = &linter.Rule{
	Name:       "iam_privilege_escalation",
	Title:      "no policy may let its holder gain rights",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule | linter.PerRoot,
	Types:      policies.Types,
	Text: `Some permissions are worth more than they look: who can write a new version of any policy, attach any policy to any role, change a
trust policy, make access keys of other users, or replace the code of functions that run with other roles, holds all those
rights. So does who can pass any role and start something with it: a function, an instance, a training job, a task.

The rule looks for these known combinations within one policy, and within all policies that this configuration gives to one role,
user or group, on resources that are wide (see iam_wildcard_resource).
Named resources, a permissions boundary condition, or ` + "`" + `iam:PolicyARN` + "`" + ` where it applies, take the danger out. Deny statements
elsewhere are no excuse: they are easily removed without anyone looking at this policy.`,
	Run: runPrivilegeEscalation,
}

func runPrivilegeEscalation(p *linter.Pass) {
	if p.Module != nil {
		reportPolicies(p)
		return
	}
	for _, h := range holders(p.Root) {
		if len(h.docs) < 2 {
			continue
		}
		for _, f := range iam.Combine(h.docs...).Check(iam.Identity) {
			if f.Rule != p.Rule.Name || slices.Contains(h.known, f.Origin) {
				continue
			}
			at, _ := f.Origin.(value.Locator)
			p.ReportOn(h.first, at, "%s %s", h.address, f.Message)
		}
	}
}

// holder is a role, user or group with the identity policies that the configuration gives it.
type holder struct {
	address string
	first   *eval.Resource
	docs    []*iam.Policy
	known   []any // places that a single policy has a finding for
}

// holdersBy says which argument of a type names the holder, and which the managed policy.
var holdersBy = map[string]struct{ holder, policy string }{
	"aws_iam_role":                    {},
	"aws_iam_role_policy":             {"role", ""},
	"aws_iam_user_policy":             {"user", ""},
	"aws_iam_group_policy":            {"group", ""},
	"aws_iam_role_policy_attachment":  {"role", "policy_arn"},
	"aws_iam_user_policy_attachment":  {"user", "policy_arn"},
	"aws_iam_group_policy_attachment": {"group", "policy_arn"},
}

func holders(root *eval.Root) []*holder {
	byKey := map[policies.BlockKey]*holder{}
	var order []*holder
	give := func(key policies.BlockKey, address string, from *eval.Resource, found []policies.Policy) {
		for _, pol := range found {
			if pol.Kind != iam.Identity {
				continue
			}
			h := byKey[key]
			if h == nil {
				h = &holder{address: address, first: from}
				byKey[key] = h
				order = append(order, h)
			}
			h.docs = append(h.docs, pol.Doc)
			for _, f := range pol.Findings {
				if f.Rule == "iam_privilege_escalation" {
					h.known = append(h.known, f.Origin)
				}
			}
		}
	}
	for _, r := range root.Resources() {
		by, ok := holdersBy[r.Type]
		if !ok || r.Mode != module.Managed {
			continue
		}
		if by.holder == "" {
			give(policies.BlockKey{Module: r.Module.Path, Address: r.LocalAddress()}, r.LocalAddress(), r, policies.In(root, r))
			continue
		}
		key, ok := holderKey(r, by.holder)
		if !ok {
			continue
		}
		if by.policy == "" {
			give(key, key.Address, r, policies.In(root, r))
			continue
		}
		for _, ref := range r.Refs(by.policy) {
			for _, target := range r.Module.Target(ref) {
				if target.Type == "aws_iam_policy" {
					give(key, key.Address, r, policies.In(root, target))
				}
			}
		}
	}
	return order
}

// holderKey is the block that an argument refers to, or the name that it spells out.
func holderKey(r *eval.Resource, argument string) (policies.BlockKey, bool) {
	for _, ref := range r.Refs(argument) {
		if strings.HasPrefix(ref.Address, "aws_iam_"+argument+".") {
			return policies.BlockKey{Module: ref.Module, Address: ref.Address}, true
		}
	}
	name, ok := r.Attr(argument).Str()
	return policies.BlockKey{Module: "", Address: argument + " " + name}, ok
}
