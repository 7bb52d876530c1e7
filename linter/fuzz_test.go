package linter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/ignore"
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
	f.Add(`[{"data":{"aws_iam_policy_document":{"d":{"statement":{"actions":["s3:*"],"dynamic":{"condition":{"for_each":["\ud83d\ude00\n${1+\"a\"}"],"content":{"test":"${condition.value}"}}}}}}}}]`)
	f.Add("resource \"aws_iam_policy\" \"p\" {\n  policy = <<-E\n    {\n\n  \"Statement\": [\"$${x} é\", \"${y}\", {\"Action\": \"s3:*\"}]\n  }\n  E\n}\n")
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

// FuzzVars reads arbitrary text as a variables file, in native and in JSON syntax, and lints what uses its values.
func FuzzVars(f *testing.F) {
	f.Add("tags = { a = \"b\", c = null }\nsize = 1e999\nlist = [for x in [1] : x]\n")
	f.Add(`{"tags":{"a":"b${1}"},"size":"%{if true}x%{endif}","list":[null,true,[]]}`)
	f.Add("tags <<EOT\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		name := "terraform.tfvars"
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			name += ".json"
		}
		write(t, dir, map[string]string{name: text, "main.tf": `variable "tags" { type = map(string) }
variable "size" { default = 1 }
variable "list" { default = [] }
resource "aws_s3_bucket" "b" {
  for_each = toset(var.list)
  bucket   = "b-${each.key}-${var.size}"
  tags     = merge(var.tags, { size = var.size })
}
resource "aws_sqs_queue" "q" {
  count  = try(min(var.size, 3), 1)
  policy = jsonencode({ Statement = [for x in var.list : { Effect = "Allow", Action = x, Resource = "*" }] })
}
`})
		noPanic(t, lint(t, dir, linter.Options{Rules: rules.All(), Workers: 1}))
	})
}

// FuzzTemplate renders arbitrary text as the template of a policy, with known and unknown variables.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"Statement":[%{ for a in actions ~}{"Effect":"Allow","Action":"${a}","Resource":"${arn}/*"},%{ endfor ~}]}`)
	f.Add("%{ if known == \"x\" }${jsonencode(actions)}%{ else }${unknown}%{ endif }")
	f.Add("$${a} %%{b} ${ [for x in actions : \"${x}-${known}\"][0] }")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		write(t, dir, map[string]string{"policy.tpl": text, "main.tf": `variable "unknown" {}
locals {
  tpl = file("policy.tpl")
}
resource "aws_iam_policy" "p" {
  name   = "p"
  policy = templatefile("policy.tpl", { actions = ["s3:*", "iam:PassRole"], arn = aws_iam_policy.q.arn, known = "x", unknown = var.unknown })
}
resource "aws_iam_policy" "q" {
  name   = "q"
  policy = templatestring(local.tpl, { actions = var.unknown, arn = "arn:aws:s3:::b", known = "y", unknown = 1 })
}
`})
		noPanic(t, lint(t, dir, linter.Options{Rules: rules.All(), Workers: 1}))
	})
}

// FuzzWorkflow reads arbitrary text as a workflow that applies a configuration.
func FuzzWorkflow(f *testing.F) {
	f.Add("on: [push]\npermissions: write-all\njobs:\n  prod:\n    runs-on: ubuntu-latest\n    environment: prod\n    steps:\n      - uses: actions/checkout@v4\n      - run: terraform apply\n")
	f.Add("on:\n  pull_request:\njobs:\n  a: &a\n    needs: [b, a]\n    runs-on: ${{ matrix.x }}\n    steps:\n      - run: |\n          make plan && terraform -chdir=x plan -out \"$(mktemp)\"\n  b: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		write(t, dir, map[string]string{".github/workflows/a.yml": text, "Makefile": "plan:\n\tterraform plan\n", "main.tf": "terraform {\n  backend \"s3\" {}\n}\n"})
		noPanic(t, lint(t, dir, linter.Options{Rules: rules.All(), Workers: 1}))
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
		_, ok, err := ignore.Parse(text)
		if err != nil && !ok {
			t.Error("an error without a comment")
		}
		dir := t.TempDir()
		write(t, dir, map[string]string{"main.tf": "# " + text + "\nresource \"aws_cloudwatch_log_group\" \"a\" {} # " + text + "\n"})
		noPanic(t, lint(t, dir, linter.Options{Rules: rules.All(), Workers: 1, Flags: linter.Flags{Only: []string{"log_retention", "ignore_invalid", "ignore_unused"}}}))
	})
}
