package provider

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	cleanPolicy = `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::titanic/*" }] })`
	widePolicy  = `jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "Pass", Effect = "Allow", Action = "iam:PassRole", Resource = "*" }] })`
)

// TestIAMPolicyCheck has no provider block: the data source and the function need none.
func TestIAMPolicyCheck(t *testing.T) {
	h := newHarness(t)
	check := func(more string) string { return `data "titanicml_iam_policy_check" "p" {` + "\n" + more + "\n}\n" }
	at := func(path ...any) tfjsonpath.Path {
		p := tfjsonpath.New(path[0].(string))
		for _, step := range path[1:] {
			switch s := step.(type) {
			case int:
				p = p.AtSliceIndex(s)
			case string:
				p = p.AtMapKey(s)
			}
		}
		return p
	}
	expect := func(v knownvalue.Check, path ...any) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.titanicml_iam_policy_check.p", at(path...), v)
	}
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: h.providers(),
		// Failing steps come first: what the last step leaves is destroyed.
		Steps: []resource.TestStep{
			{Config: check("policy = " + widePolicy + "\non_finding = \"error\""), ExpectError: regexp.MustCompile(`(?s)Policy has 3 findings.*iam_pass_role: statement "Pass" allows\s+iam:PassRole on "\*"`)},
			{Config: check(`policy = "{"`), ExpectError: regexp.MustCompile(`(?s)Policy not read.*line 1,\s+column 2`)},
			{Config: check("policy = " + cleanPolicy + "\nkind = \"other\""), ExpectError: regexp.MustCompile(`(?s)Invalid Attribute Value Match`)},
			{Config: check("policy = " + cleanPolicy + "\non_finding = \"error\""), ConfigPlanChecks: empty, ConfigStateChecks: []statecheck.StateCheck{
				expect(knownvalue.Bool(true), "clean"), expect(knownvalue.ListSizeExact(0), "findings"), expect(knownvalue.StringExact("identity"), "kind"),
			}},
			{Config: check("policy = " + widePolicy), ConfigPlanChecks: empty, ConfigStateChecks: []statecheck.StateCheck{
				expect(knownvalue.Bool(false), "clean"),
				expect(knownvalue.StringExact("iam_wildcard_resource"), "findings", 0, "rule"),
				expect(knownvalue.StringExact("Pass"), "findings", 0, "sid"),
				expect(knownvalue.Int64Exact(0), "findings", 0, "statement"),
			}},
			{Config: check("policy = " + widePolicy + "\nkind = \"limit\""), ConfigStateChecks: []statecheck.StateCheck{expect(knownvalue.Bool(true), "clean")}},
		},
	})
}

func TestPolicyFindings(t *testing.T) {
	h := newHarness(t)
	output := func(policy string) string {
		return "output \"rules\" {\n value = provider::titanicml::policy_findings(" + policy + ")[*].rule\n}\n"
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: h.providers(),
		Steps: []resource.TestStep{
			{Config: output(cleanPolicy), ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("rules", knownvalue.ListExact([]knownvalue.Check{}))}},
			{Config: output(`jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObjects", Resource = "arn:aws:s3:::titanic/*", Condtion = {} }] })`),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("rules", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.StringExact("policy_grammar"), knownvalue.StringExact("iam_unknown_action"),
				}))}},
			{Config: output(`"no policy"`), ExpectError: regexp.MustCompile(`(?s)line 1, column 1`)},
		},
	})
}
