package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/terraform-linters/tflint-plugin-sdk/helper"
	"github.com/terraform-linters/tflint-plugin-sdk/tflint"

	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

func ruleNamed(t *testing.T, name string) *rule {
	t.Helper()
	for _, r := range newRuleSet().Rules {
		if r.Name() == name {
			return r.(*rule)
		}
	}
	t.Fatalf("no rule %s", name)
	return nil
}

func TestRuleSetHasEveryRule(t *testing.T) {
	set := newRuleSet()
	if set.RuleSetName() != "titanicml" || !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(set.RuleSetVersion()) {
		t.Errorf("rule set %s %s", set.RuleSetName(), set.RuleSetVersion())
	}
	all := rules.All()
	if len(set.RuleNames()) != len(all) {
		t.Fatalf("%d rules, want %d", len(set.RuleNames()), len(all))
	}
	for i, r := range all {
		if got := set.Rules[i]; got.Name() != r.Name || got.Enabled() == r.Disabled || got.Link() == "" {
			t.Errorf("rule %s: name %s, enabled %t, link %q", r.Name, got.Name(), got.Enabled(), got.Link())
		}
	}
	if s := ruleNamed(t, "default_tags").Severity(); s != tflint.WARNING {
		t.Errorf("default_tags has severity %s", s)
	}
}

const logs = `resource "aws_cloudwatch_log_group" "train" {
  name = "train"
}
`

func TestIssue(t *testing.T) {
	r := ruleNamed(t, "log_retention")
	runner := helper.TestRunner(t, map[string]string{"main.tf": logs})
	if err := r.Check(runner); err != nil {
		t.Fatal(err)
	}
	helper.AssertIssues(t, helper.Issues{{Rule: r, Message: "aws_cloudwatch_log_group.train keeps its events forever; set retention_in_days between 7 and 400",
		Range: hcl.Range{Filename: "main.tf", Start: hcl.Pos{Line: 1, Column: 1}, End: hcl.Pos{Line: 1, Column: 44}}}}, runner.Issues)
}

func TestNoIssue(t *testing.T) {
	r := ruleNamed(t, "log_retention")
	for name, text := range map[string]string{
		"set":     "resource \"aws_cloudwatch_log_group\" \"train\" {\n  retention_in_days = 30\n}\n",
		"unknown": "resource \"aws_cloudwatch_log_group\" \"train\" {\n  retention_in_days = var.days\n}\nvariable \"days\" {}\n",
		"ignored": "# titanicml-ignore: log_retention reason=\"exported every day\"\n" + logs,
	} {
		runner := helper.TestRunner(t, map[string]string{"main.tf": text})
		if err := r.Check(runner); err != nil {
			t.Fatal(err)
		}
		if len(runner.Issues) > 0 {
			t.Errorf("%s: %v", name, runner.Issues)
		}
	}
}

// TestModule lints a module beside the test: its finding stands at the call, which is what tflint can show.
func TestModule(t *testing.T) {
	r := ruleNamed(t, "log_retention")
	runner := helper.TestRunner(t, map[string]string{"main.tf": "module \"logs\" {\n  source = \"./testdata/logs\"\n  days   = 1\n}\n"})
	if err := r.Check(runner); err != nil {
		t.Fatal(err)
	}
	helper.AssertIssues(t, helper.Issues{{Rule: r,
		Message: "module.logs.aws_cloudwatch_log_group.this keeps its events for 1 day; set retention_in_days between 7 and 400 (testdata/logs/main.tf:2)",
		Range:   hcl.Range{Filename: "main.tf", Start: hcl.Pos{Line: 1, Column: 1}, End: hcl.Pos{Line: 1, Column: 14}}}}, runner.Issues)
}

// TestOneRun has several rules share a run through the set's runner, as tflint makes them.
func TestOneRun(t *testing.T) {
	set := newRuleSet()
	if err := set.ApplyGlobalConfig(&tflint.Config{Only: []string{"log_retention", "version_pinned"}}); err != nil {
		t.Fatal(err)
	}
	host := helper.TestRunner(t, map[string]string{"main.tf": logs})
	shared, err := set.NewRunner(host)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, r := range set.EnabledRules {
		if err := r.Check(shared); err != nil {
			t.Fatal(err)
		}
	}
	for _, issue := range host.Issues {
		found[issue.Rule.Name()]++
	}
	if found["log_retention"] != 1 || found["version_pinned"] == 0 || len(found) != 2 {
		t.Errorf("issues by rule: %v", found)
	}
}

// TestFix also shows that our configuration file beside the module counts.
func TestFix(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".titanicml-lint.hcl", []byte("rule \"required_tags\" {\n  fix_merge = \"local.tags\"\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := ruleNamed(t, "required_tags")
	runner := helper.TestRunner(t, map[string]string{"main.tf": `resource "aws_s3_bucket" "data" {
  tags = { project = "titanic" }
}

locals {
  tags = { env = "dev", owner = "ml", managed_by = "terraform", cost_center = "1" }
}
`})
	if err := r.Check(runner); err != nil {
		t.Fatal(err)
	}
	if len(runner.Issues) != 1 {
		t.Fatalf("issues: %v", runner.Issues)
	}
	fixed := string(runner.Changes()["main.tf"])
	again := helper.TestRunner(t, map[string]string{"main.tf": fixed})
	if err := r.Check(again); err != nil {
		t.Fatal(err)
	}
	if len(again.Issues) > 0 || !strings.Contains(fixed, `merge(local.tags, { project = "titanic" })`) {
		t.Errorf("%d issues after the fix:\n%s", len(again.Issues), fixed)
	}
}
