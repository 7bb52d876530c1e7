package rules

import (
	"github.com/titanicml/terraform-provider-titanicml/linter"

	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMWildcardPrincipal reports principals that are everybody.
var IAMWildcardPrincipal = &linter.Rule{
	Name:       "iam_wildcard_principal",
	Title:      "a policy must name its principals, or really restrict them",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource | linter.PerModule,
	Types:      policies.Types,
	Text: `Principal "*" (and ` + "`" + `AWS = "*"` + "`" + `) is everybody in the world with an AWS account. It is a finding unless a condition limits who that is:
a positive operator (StringEquals, StringLike, ArnLike, IpAddress, ...) on a key that identifies the caller or the source, such as
aws:PrincipalOrgID, aws:SourceAccount, aws:SourceArn, aws:SourceVpce or aws:SourceIp. These do not count:

- values that are wildcards (` + "`" + `o-*` + "`" + `, ` + "`" + `0.0.0.0/0` + "`" + `, an ARN with a wildcard account), even as one of several,
- negative operators, which leave everybody else in,
- ` + "`" + `...IfExists` + "`" + ` and ` + "`" + `ForAllValues:` + "`" + `, which hold when the key is missing, unless a Null condition demands the key,
- keys that anybody can set: aws:Referer, aws:SecureTransport, aws:PrincipalTag.

Trust in an identity provider that signs tokens for everybody (GitHub, GitLab, Terraform Cloud, Cognito, ...) or for everything in a cluster
(EKS) needs a condition on the claim that tells whose token it is, and the value names an owner to its end: ` + "`repo:acme/*`" + `, but not
` + "`repo:acme*`" + `, which is also acme-evil, and not ` + "`repo:*`" + `. Subjects of GitHub that begin with a name which anybody can choose, such as
` + "`workflow:`" + `, do not count. A Lambda permission for a service needs ` + "`" + `source_arn` + "`" + ` or ` + "`" + `source_account` + "`" + `: without, the
service may call on behalf of any account.`,
	Run: runWildcardPrincipal,
}

func runWildcardPrincipal(p *linter.Pass) {
	reportPolicies(p)
	r := p.Resource
	if r == nil || r.Type != "aws_lambda_permission" {
		return
	}
	service, ok := r.Attr("principal").Str()
	if !ok || !policies.ServiceName(service) {
		return
	}
	for _, name := range []string{"source_arn", "source_account", "principal_org_id", "event_source_token"} {
		if r.Attr(name).IsSet() {
			return
		}
	}
	p.Report(r.AttrRange("principal"), "%s lets %s invoke the function on behalf of every account; set source_arn or source_account", r.Address(), service)
}
