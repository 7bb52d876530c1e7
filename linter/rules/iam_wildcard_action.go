package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMWildcardAction reports wildcards in the actions of Allow statements.
var IAMWildcardAction = &linter.Rule{
	Name:       "iam_wildcard_action",
	Title:      "an Allow statement must list its actions",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `A wildcard in Action grants what nobody listed, and what AWS adds to the service next year. The message counts what the
wildcard matches today, and how much of that is permission management or write.

Every wildcard (` + "`" + `*` + "`" + ` and ` + "`" + `?` + "`" + `, anywhere in the name) of an Allow statement is a finding. When a service really needs one, an ignore
comment with a reason and a document records why. Deny statements are never a finding. Replace the wildcard by the actions that
are used: CloudTrail and IAM Access Analyzer know them.

Policies that grant nothing by themselves are left alone: endpoint, session and organization policies, and permissions boundaries (a
managed policy that a role or user here names as its boundary, or that is called one, and that nothing here attaches).

Where the sources of a module are not at hand, such as before ` + "`" + `terraform init` + "`" + `, every IAM rule judges the policies among its arguments, as
what their text says that they are.`,
	Run: reportPolicies,
}

// reportPolicies reports what package iam finds under the rule's name in the resource's policies.
func reportPolicies(p *linter.Pass) {
	if p.Resource == nil {
		for _, given := range policies.GivenBy(p.Module) {
			reportPolicy(p, given.Address, given.Policy)
		}
		return
	}
	for _, pol := range policies.In(p.Root, p.Resource) {
		reportPolicy(p, p.Resource.Address(), pol)
	}
}

func reportPolicy(p *linter.Pass, address string, pol policies.Policy) {
	for _, f := range pol.Findings {
		if f.Rule == p.Rule.Name {
			at, _ := f.Origin.(value.Locator)
			p.Report(at, "%s %s", address, f.Message).Evidence = f.Evidence
		}
	}
}
