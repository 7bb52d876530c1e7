package project

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBackendSettings(t *testing.T) {
	root := t.TempDir()
	write(t, root, "terraform/project.tfvars", `project = { account_ids = { dev = "111111111111", prod = "222222222222" }, region = "eu-west-1", github_repository = "o/n" }`)
	got, err := BackendSettings(root, "prod", "3_data")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"-backend-config=bucket=titanic-prod-state-222222222222",
		"-backend-config=key=prod/3_data/terraform.tfstate",
		"-backend-config=kms_key_id=arn:aws:kms:eu-west-1:222222222222:alias/titanic-prod-state",
		"-backend-config=region=eu-west-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][2]string{{"staging", "3_data"}, {"dev", "8_more"}} {
		if _, err := BackendSettings(root, bad[0], bad[1]); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

func TestReadProjectRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"no project":  `other = 1`,
		"no region":   `project = { account_ids = { dev = "1", prod = "2" }, github_repository = "o/n" }`,
		"no object":   `project = 1`,
		"no prod":     `project = { account_ids = { dev = "1" }, region = "x", github_repository = "o/n" }`,
		"not HCL":     `project = {`,
		"a reference": `project = var.x`,
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "terraform/project.tfvars", content)
			if got, err := Read(root); err == nil {
				t.Errorf("got %+v, expected an error", got)
			}
		})
	}
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
