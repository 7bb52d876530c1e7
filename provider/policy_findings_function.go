package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
)

var _ function.Function = (*policyFindingsFunction)(nil)

func newPolicyFindingsFunction() function.Function { return &policyFindingsFunction{} }

type policyFindingsFunction struct{}

func (f *policyFindingsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "policy_findings"
}

func (f *policyFindingsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What is wrong with an IAM policy",
		MarkdownDescription: "Judges an IAM policy by the rules of `titanicml-lint` and returns a list of objects with `rule`, `message`, `statement` (from 0, null for the document) and `sid`; " +
			"the list is empty when the policy is clean. With principals the document is taken as a trust or resource policy, else as an identity policy; `titanicml_iam_policy_check` takes the kind. " +
			"Made for `validation`, `precondition` and `terraform test`: `length(provider::titanicml::policy_findings(var.policy)) == 0`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "policy_json", MarkdownDescription: "The policy document, JSON."},
		},
		Return: function.ListReturn{ElementType: types.ObjectType{AttrTypes: policyFindingTypes}},
	}
}

func (f *policyFindingsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	p, err := iam.Parse(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, policyFindings(p, p.Guess()))
}
