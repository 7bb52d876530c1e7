package rules

import "github.com/titanicml/terraform-provider-titanicml/linter"

// IAMPrivilegeEscalation reports known ways from a policy to more rights.
var IAMPrivilegeEscalation = &linter.Rule{
	Name:     "iam_privilege_escalation",
	Title:    "no policy may let its holder gain rights",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerResource,
	Types:    policyTypes,
	Text: `Some permissions are worth more than they look: who can write a new version of any policy, attach any policy to any role, change a
trust policy, make access keys of other users, or replace the code of functions that run with other roles, holds all those
rights. So does who can pass any role and start something with it: a function, an instance, a training job, a task.

The rule looks for these known combinations within one policy, on resources that are wide (see iam_wildcard_resource).
Named resources, a permissions boundary condition, or ` + "`" + `iam:PolicyARN` + "`" + ` where it applies, take the danger out. Deny statements
elsewhere are no excuse: they are easily removed without anyone looking at this policy.`,
	Run: reportPolicies,
}
