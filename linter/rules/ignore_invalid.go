package rules

import "github.com/titanicml/terraform-provider-titanicml/linter"

// IgnoreInvalid is applied by the linter itself, which reads the comments: it has no Run.
var IgnoreInvalid = &linter.Rule{
	Name:     "ignore_invalid",
	Title:    "an ignore comment must give its reason",
	Severity: linter.Error,
	Since:    "0.1.0",
	Text: `An ignore comment silences a colleague, so it has to say why. It does not count, and is a finding itself, when

- it gives no ` + "`reason`" + `,
- it names a rule that does not exist,
- it ignores a rule that asks for a document (every iam rule, ec2_unjustified) without a ` + "`doc`" + `, or the document or its heading
  does not exist,
- its ` + "`until`" + ` date has passed,
- it cannot be read.

` + "```hcl" + `
# titanicml-ignore: iam_wildcard_resource reason="GetAuthorizationToken has no resources" doc="docs/02.md#iam" until=2027-01-31
` + "```" + `

A comment at the end of a line covers that line and the block or argument that starts on it; alone on a line it covers what
starts on the next line. ` + "`titanicml-ignore-file:`" + ` covers the file.`,
}
