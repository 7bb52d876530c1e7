package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"

	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMWildcardResource reports resources that are wider than the actions need.
var IAMWildcardResource = &linter.Rule{
	Name:       "iam_wildcard_resource",
	Title:      "an Allow statement must name its resources",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `` + "`" + `Resource = "*"` + "`" + ` is a finding unless no action in the statement can be limited to a resource. Whether an action can is a fact of the
embedded table of AWS actions. A statement that mixes both kinds is a finding too: split it, so that "*" stands only where
nothing else works.

ARNs are judged by segment. A wildcard as the whole resource, in the account's, the region's or the resource type's position, or as
the whole name (` + "`" + `role/*` + "`" + `) is a finding; behind a named beginning (` + "`" + `bucket/*` + "`" + `, ` + "`" + `training-job/titanic-*` + "`" + `) it is not.

A policy that stands on one resource, such as a KMS key policy, is left alone: there "*" means that resource. No condition
excuses a wide resource.

Where a conditional's condition is not known, as in ` + "`" + `var.wide ? "*" : local.arn` + "`" + `, every IAM rule judges both alternatives and says when a
finding holds. Conditions that are the same or exclude each other are never mixed.`,
	Run: reportPolicies,
}
