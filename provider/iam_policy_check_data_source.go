package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
)

var _ datasource.DataSource = (*iamPolicyCheckDataSource)(nil)

func newIAMPolicyCheckDataSource() datasource.DataSource { return &iamPolicyCheckDataSource{} }

// iamPolicyCheckDataSource judges a text, so it needs no client and no provider configuration.
type iamPolicyCheckDataSource struct{}

func (d *iamPolicyCheckDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "titanicml_iam_policy_check"
}

// policyKindNames are the words of the attribute kind.
var policyKindNames = map[iam.Kind]string{
	iam.Identity: "identity", iam.Trust: "trust", iam.Resource: "resource", iam.AccountResource: "account_resource", iam.Limit: "limit",
}

func (d *iamPolicyCheckDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Judges an IAM policy by the rules of `titanicml-lint`, with the values that the linter cannot know before a plan: wildcards in actions, wide resources, " +
			"principals that are everybody, `iam:PassRole` without limits, known ways to more rights, actions that do not exist. Deny statements are never a finding and never an excuse. Nothing is sent anywhere.",
		Attributes: map[string]schema.Attribute{
			"policy": schema.StringAttribute{Required: true, MarkdownDescription: "The policy document, JSON."},
			"kind": schema.StringAttribute{Optional: true, Computed: true,
				MarkdownDescription: "What the policy is for: `identity` (attached to a user, group or role), `trust` (who may assume a role), `resource` (on one resource, which `\"*\"` then means), " +
					"`account_resource` (on a service of the account) or `limit` (boundaries, endpoint and organization policies, which grant nothing). By default the document tells: with principals it is a trust or resource policy.",
				Validators: []validator.String{stringvalidator.OneOf("identity", "trust", "resource", "account_resource", "limit")}},
			"on_finding": schema.StringAttribute{Optional: true,
				MarkdownDescription: "What a finding does: `error` fails the plan, `warn` warns, `report` (the default) only lists it in `findings`, for a `check` or a postcondition.",
				Validators:          []validator.String{stringvalidator.OneOf("error", "warn", "report")}},
			"clean": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether there is no finding."},
			"findings": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Every finding, in the order of the statements.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"rule":      schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the rule, as in `titanicml-lint`; `policy_grammar` where IAM would refuse the document."},
					"message":   schema.StringAttribute{Computed: true, MarkdownDescription: "What the policy does, and what to do instead."},
					"statement": schema.Int64Attribute{Computed: true, MarkdownDescription: "Position of the statement, from 0; null for the document."},
					"sid":       schema.StringAttribute{Computed: true, MarkdownDescription: "`Sid` of the statement, null without one."},
				}}},
		},
	}
}

type iamPolicyCheckModel struct {
	Policy    types.String `tfsdk:"policy"`
	Kind      types.String `tfsdk:"kind"`
	OnFinding types.String `tfsdk:"on_finding"`
	Clean     types.Bool   `tfsdk:"clean"`
	Findings  types.List   `tfsdk:"findings"`
}

func (d *iamPolicyCheckDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m iamPolicyCheckModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p, err := iam.Parse(m.Policy.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("policy"), "Policy not read", fmt.Sprintf("The policy is no JSON document: %v.\n\nUse jsonencode, or data \"aws_iam_policy_document\".", err))
		return
	}
	kind := p.Guess()
	for k, name := range policyKindNames {
		if m.Kind.ValueString() == name {
			kind = k
		}
	}
	found := policyFindings(p, kind)
	m.Kind = types.StringValue(policyKindNames[kind])
	m.Clean = types.BoolValue(len(found) == 0)
	findings, diags := types.ListValueFrom(ctx, types.ObjectType{AttrTypes: policyFindingTypes}, found)
	resp.Diagnostics.Append(diags...)
	m.Findings = findings
	if mode := m.OnFinding.ValueString(); len(found) > 0 && (mode == "error" || mode == "warn") {
		summary := fmt.Sprintf("Policy has %d findings", len(found))
		if len(found) == 1 {
			summary = "Policy has a finding"
		}
		var detail strings.Builder
		for _, f := range found {
			fmt.Fprintf(&detail, "- %s: %s %s\n", f.Rule.ValueString(), f.where(), f.Message.ValueString())
		}
		if mode == "error" {
			resp.Diagnostics.AddAttributeError(path.Root("policy"), summary, detail.String())
		} else {
			resp.Diagnostics.AddAttributeWarning(path.Root("policy"), summary, detail.String())
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// policyFinding is one element of findings, here and in the function policy_findings.
type policyFinding struct {
	Rule      types.String `tfsdk:"rule"`
	Message   types.String `tfsdk:"message"`
	Statement types.Int64  `tfsdk:"statement"`
	Sid       types.String `tfsdk:"sid"`
}

var policyFindingTypes = map[string]attr.Type{
	"rule": types.StringType, "message": types.StringType, "statement": types.Int64Type, "sid": types.StringType,
}

func (f policyFinding) where() string {
	switch {
	case f.Statement.IsNull():
		return "the document:"
	case !f.Sid.IsNull():
		return fmt.Sprintf("statement %q", f.Sid.ValueString())
	}
	return fmt.Sprintf("statement %d", f.Statement.ValueInt64())
}

// policyFindings lists departures from the grammar first, then what the rules find. It is never nil.
func policyFindings(p *iam.Policy, kind iam.Kind) []policyFinding {
	out := []policyFinding{}
	for _, problem := range p.Problems {
		out = append(out, policyFinding{Rule: types.StringValue("policy_grammar"), Message: types.StringValue(problem.Message)})
	}
	for _, f := range p.Check(kind) {
		found := policyFinding{Rule: types.StringValue(f.Rule), Message: types.StringValue(f.Message), Statement: types.Int64Value(int64(f.Statement))}
		if f.Sid != "" {
			found.Sid = types.StringValue(f.Sid)
		}
		out = append(out, found)
	}
	return out
}
