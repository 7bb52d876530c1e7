package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"

	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMPassRole reports iam:PassRole without named roles and services.
var IAMPassRole = &linter.Rule{
	Name:       "iam_pass_role",
	Title:      "iam:PassRole must name roles and the service that takes them",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `Who can pass a role to a service can act with the role's rights. So every statement that allows ` + "`" + `iam:PassRole` + "`" + `, by name or by a
wildcard such as ` + "`" + `iam:*` + "`" + `, must name the roles by ARN without wildcards, and carry a condition on ` + "`" + `iam:PassedToService` + "`" + ` that
names the services. ` + "`" + `StringEqualsIfExists` + "`" + ` and patterns such as ` + "`" + `*.amazonaws.com` + "`" + ` do not count as such a condition.`,
	Run: reportPolicies,
}
