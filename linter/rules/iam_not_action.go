package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"

	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMNotAction reports NotAction, NotResource and NotPrincipal with Allow.
var IAMNotAction = &linter.Rule{
	Name:       "iam_not_action",
	Title:      "an Allow statement must say what is allowed, not what is left out",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `` + "`" + `NotAction` + "`" + `, ` + "`" + `NotResource` + "`" + ` and ` + "`" + `NotPrincipal` + "`" + ` in an Allow statement allow everything but a list, and with it whatever AWS adds
later. List what is allowed instead, or use the negated element in a Deny statement, where it is not a finding.`,
	Run: reportPolicies,
}
