package linter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

// examples feeds the rules' own examples to a fuzzer.
func examples(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob("rules/testdata/*/*.tf")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
}

// noPanic fails on a rule that panicked: the run survives it, but it is a bug.
func noPanic(t *testing.T, r *linter.Result) {
	t.Helper()
	for _, f := range r.Failures {
		if strings.Contains(f.Message, "panicked") {
			t.Error(f.Message)
		}
	}
}

// FuzzHCL lints arbitrary text as native and as JSON syntax with every rule.
func FuzzHCL(f *testing.F) {
	examples(f)
	f.Add(`{"resource":{"aws_s3_bucket":{"b":{"tags":{"a":"${var.x}"}}}}}`)
	f.Add("locals {\n  a = [for x in range(1e9) : \"${x}\"]\n}\nresource \"a_b\" \"c\" { for_each = local.a }\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		name := "main.tf"
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			name = "main.tf.json"
		}
		write(t, dir, map[string]string{name: text})
		noPanic(t, lint(t, dir, linter.Options{Rules: rules.All(), Workers: 1}))
	})
}

// FuzzPlan decodes arbitrary text as a plan and lints it.
func FuzzPlan(f *testing.F) {
	f.Add(`{"format_version":"1.2","planned_values":{"root_module":{"resources":[{"address":"aws_iam_role.r","mode":"managed","type":"aws_iam_role","name":"r","values":{"assume_role_policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\"}]}","tags":{"a":"b"}}}]}},"resource_changes":[{"address":"aws_iam_role.r","change":{"after_unknown":{"arn":true,"tags":{"c":true}}}}],"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"default_tags":[{"tags":{"references":["var.x"]}}]}}},"root_module":{"resources":[{"address":"aws_iam_role.r","provider_config_key":"aws"}]}}}`)
	f.Add(`{"format_version":"1.2","values":{"root_module":{"child_modules":[{"address":"module.m[\"a.module.b\"]","resources":[{"address":"x","type":"aws_s3_bucket","index":1e999,"values":null}]}]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := plan.Decode("plan.json", ".", []byte(text))
		if err != nil {
			return
		}
		noPanic(t, lint(t, t.TempDir(), linter.Options{Rules: rules.All(), Dirs: []string{}, Plans: []*plan.Plan{p}}))
	})
}

// FuzzConfig reads arbitrary text as a configuration file.
func FuzzConfig(f *testing.F) {
	f.Add("disabled_by_default = true\nrule \"required_tags\" {\n  enabled = true\n  tags = [\"a\"]\n  values = { env = [\"dev\"] }\n}\n")
	f.Add("rule \"resource_naming\" { label = \"[\" }")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, _ := linter.ParseConfig(".titanicml-lint.hcl", []byte(text), rules.All())
		if cfg == nil {
			t.Error("no configuration")
		}
	})
}

// FuzzIgnore reads arbitrary text as an ignore comment, by itself and in a file.
func FuzzIgnore(f *testing.F) {
	f.Add(`titanicml-ignore: log_retention reason="r" doc="d.md#x" until=2027-01-31`)
	f.Add(`titanicml-ignore-file: a,b reason=`)
	f.Fuzz(func(t *testing.T, text string) {
		_, ok, err := linter.ParseIgnore(text)
		if err != nil && !ok {
			t.Error("an error without a comment")
		}
		dir := t.TempDir()
		write(t, dir, map[string]string{"main.tf": "# " + text + "\nresource \"aws_cloudwatch_log_group\" \"a\" {} # " + text + "\n"})
		noPanic(t, lint(t, dir, linter.Options{Rules: rules.All(), Workers: 1, Flags: linter.Flags{Only: []string{"log_retention", "ignore_invalid", "ignore_unused"}}}))
	})
}
