package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"

	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMUnknownAction reports actions that do not exist.
var IAMUnknownAction = &linter.Rule{
	Name:       "iam_unknown_action",
	Title:      "every action must exist",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `AWS accepts a policy with a misspelt action and never allows it, so the mistake shows as an AccessDenied at run time. The
embedded table of AWS actions says which exist; the message proposes the nearest spelling. A wildcard that matches nothing is a
finding as well. Case does not matter to AWS and is not judged. An action newer than the table needs an ignore.`,
	Run: reportPolicies,
}
