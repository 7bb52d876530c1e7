package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMAdminPolicy reports policies that make their holder an administrator.
var IAMAdminPolicy = &linter.Rule{
	Name:       "iam_admin_policy",
	Title:      "no policy may make its holder an administrator",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `A finding is every action on every resource, ` + "`" + `iam:*` + "`" + ` on every resource (its holder can grant itself the rest), and the attachment of
an AWS managed policy that does the same: AdministratorAccess, IAMFullAccess, PowerUserAccess and their like. A condition
does not change what the statement allows once it holds. Managed policies are looked up in attachments, by ARN or by ` + "`" + `data.aws_iam_policy` + "`" + `, in ` + "`" + `managed_policy_arns` + "`" + ` of
roles and IAM Identity Center permission sets.`,
	Run: runAdminPolicy,
}

func runAdminPolicy(p *linter.Pass) {
	reportPolicies(p)
	if p.Resource == nil {
		return
	}
	for _, name := range policies.Attachments[p.Resource.Type] {
		for _, ref := range p.Resource.Refs(name) {
			for _, d := range p.Resource.Module.Target(ref) {
				if d.Mode != module.Data || d.Type != "aws_iam_policy" {
					continue
				}
				called, _ := d.Attr("name").Str()
				if consequence, ok := iam.AdminPolicy("arn:aws:iam::aws:policy/" + called); ok {
					p.Report(p.Resource.AttrRange(name), "%s attaches %q by %s, which %s; attach a policy that lists actions and resources",
						p.Resource.Address(), called, d.LocalAddress(), consequence)
				}
			}
		}
		arns := p.Resource.Attr(name)
		elems := arns.Elems()
		if arns.Kind() == value.String {
			elems = []value.Value{arns}
		}
		for _, e := range elems {
			// An unknown partition does not hide which policy is meant.
			arn, _ := e.Pattern("aws")
			if consequence, ok := iam.AdminPolicy(arn); ok {
				var at value.Locator = e
				if e.Range().Filename == "" {
					at = p.Resource.AttrRange(name)
				}
				p.Report(at, "%s attaches %q, which %s; attach a policy that lists actions and resources", p.Resource.Address(), arn, consequence)
			}
		}
	}
}
