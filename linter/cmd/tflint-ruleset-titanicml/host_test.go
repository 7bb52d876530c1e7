package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestHost runs the plugin as a process of the real tflint, named by TFLINT or found on PATH.
func TestHost(t *testing.T) {
	t.Parallel()
	host := os.Getenv("TFLINT")
	if host == "" {
		var err error
		if host, err = exec.LookPath("tflint"); err != nil {
			t.Skip("tflint is not installed: go install github.com/terraform-linters/tflint@v0.64.0, or name it by TFLINT")
		}
	}
	plugins, dir := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(plugins, "tflint-ruleset-titanicml"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	for name, text := range map[string]string{
		".tflint.hcl": "plugin \"titanicml\" {\n  enabled = true\n}\n\nplugin \"terraform\" {\n  enabled = false\n}\n\n" +
			"rule \"backend_state\" {\n  enabled = false\n}\n\nrule \"version_pinned\" {\n  enabled = false\n}\n\nrule \"required_tags\" {\n  enabled = false\n}\n",
		"main.tf":       "module \"logs\" {\n  source = \"./child\"\n  days   = 0\n}\n\nvariable \"wide\" {\n  type = bool\n}\n",
		"policy.tf":     "resource \"aws_iam_role_policy\" \"p\" {\n  role   = \"r\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = var.wide ? \"*\" : \"arn:aws:s3:::b/k\" }] })\n}\n",
		"child/main.tf": "variable \"days\" {\n  type = number\n}\n\nresource \"aws_cloudwatch_log_group\" \"this\" {\n  retention_in_days = var.days\n}\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(host, "--format", "json")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TFLINT_PLUGIN_DIR="+plugins)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Fatalf("tflint ended with %v, want status 2: %s", err, out)
	}
	var result struct {
		Issues []struct {
			Rule  struct{ Name, Severity string }
			Range struct {
				Filename string
				Start    struct{ Line int }
			}
		}
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range result.Issues {
		got = append(got, i.Rule.Name+" "+i.Rule.Severity+" "+i.Range.Filename)
	}
	slices.Sort(got)
	want := []string{"iam_wildcard_resource error policy.tf", "log_retention error main.tf"}
	if !slices.Equal(got, want) || len(result.Errors) > 0 {
		t.Errorf("issues %v, want %v; errors %v", got, want, result.Errors)
	}
}
