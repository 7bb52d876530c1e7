package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

func TestStagesOf(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  []string
	}{
		{"one stage", []string{"terraform/3_data/etl.tf", "README.md"}, []string{"3_data"}},
		{"in order", []string{"terraform/6_orchestration/a.tf", "terraform/2_networking/b.tf"}, []string{"2_networking", "6_orchestration"}},
		{"a module", []string{"terraform/modules/role/main.tf"}, project.Stages},
		{"the project", []string{"terraform/project.tfvars"}, project.Stages},
		{"documents", []string{"docs/00-foundations.md"}, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, stagesOf(test.files)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOverridesAreTheSameForBothEnvironments(t *testing.T) {
	root := t.TempDir()
	for _, stage := range project.Stages {
		write(t, root, "terraform/"+stage+"/main.tf", "")
	}
	write(t, root, "terraform/2_networking/upstream.tf", `data "terraform_remote_state" "foundation" {}`)
	write(t, root, "docs/a.md", "")
	write(t, root, "examples/titanic/data/titanic.csv", "")
	w, err := newWorkspace(root, filepath.Join(root, ".titanicml", "stages"), false)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(w.stage("2_networking"), "rehearsal_override.tf"))
	if err != nil {
		t.Fatal(err)
	}
	// The sources decide whether prod may follow dev, so that no environment may stand in them.
	if !strings.Contains(string(got), "${var.env}.1_foundation.tfstate") || strings.Contains(string(got), "dev") {
		t.Errorf("got\n%s", got)
	}
}

func TestVerbsAndStages(t *testing.T) {
	chosen, stages, err := verbsAndStages([]string{"init", "plan", "5_serving", "3_data"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"init", "plan"}, chosen) + cmp.Diff([]string{"3_data", "5_serving"}, stages); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][]string{{"5_serving"}, {"plan", "deploy"}} {
		if _, _, err := verbsAndStages(bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

// TestReadmes keeps the tables of each stage's README true.
func TestReadmes(t *testing.T) {
	root := "../.."
	name := regexp.MustCompile(`(?m)^(?:variable|output) "(\w+)"`)
	for _, stage := range project.Stages {
		readme, err := os.ReadFile(filepath.Join(root, "terraform", stage, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"variables.tf", "outputs.tf"} {
			content, err := os.ReadFile(filepath.Join(root, "terraform", stage, file))
			if err != nil {
				t.Fatal(err)
			}
			named := name.FindAllStringSubmatch(string(content), -1)
			if len(named) == 0 {
				t.Errorf("%s of %s declares nothing", file, stage)
			}
			for _, match := range named {
				if !strings.Contains(string(readme), "| `"+match[1]+"` |") {
					t.Errorf("the README of %s does not list %s of %s", stage, match[1], file)
				}
			}
		}
		for _, section := range []string{"```text", "## Inputs", "## Outputs", "## Cost", "## Blast radius", "## Rollback"} {
			if !bytes.Contains(readme, []byte(section)) {
				t.Errorf("the README of %s has no %s", stage, section)
			}
		}
	}
}

// TestNamedThingsExist looks for the scripts, make targets and workflows that the documents name.
func TestNamedThingsExist(t *testing.T) {
	makefiles := ""
	for _, file := range []string{"../../GNUmakefile", "../../terraform/stages.mk"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		makefiles += string(content)
	}
	script := regexp.MustCompile(`\bscripts/[a-z-]+\.sh\b`)
	target := regexp.MustCompile("(?m)(?:^\\$ |`)make ([a-z-]+)")
	workflow := regexp.MustCompile("`([a-z-]+\\.yml)`")
	files, err := filepath.Glob("../../docs/0*.md")
	if err != nil {
		t.Fatal(err)
	}
	runbooks, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, targets, workflows := 0, 0, 0
	for _, file := range append(files, runbooks...) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range script.FindAllString(string(content), -1) {
			scripts++
			if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
				t.Errorf("%s names %s, which is not there", file, name)
			}
		}
		for _, match := range target.FindAllStringSubmatch(string(content), -1) {
			targets++
			if !regexp.MustCompile(`(?m)^` + match[1] + `:`).MatchString(makefiles) {
				t.Errorf("%s names make %s, which is no target", file, match[1])
			}
		}
		for _, match := range workflow.FindAllStringSubmatch(string(content), -1) {
			workflows++
			if _, err := os.Stat(filepath.Join("../../.github/workflows", match[1])); err != nil {
				t.Errorf("%s names %s, which is no workflow", file, match[1])
			}
		}
	}
	if scripts < 5 || targets < 10 || workflows < 5 {
		t.Errorf("found %d scripts, %d targets and %d workflows in %d documents", scripts, targets, workflows, len(files)+len(runbooks))
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

// TestInitPinned lets a CLI that records checksums initialise a stage: versions come from the one file, and no checksum stays.
func TestInitPinned(t *testing.T) {
	root := t.TempDir()
	write(t, root, "terraform/providers.lock.hcl", "# why\nprovider \"registry.terraform.io/hashicorp/aws\" {\n  version     = \"5.100.0\"\n  constraints = \">= 5.46.0\"\n}\n")
	write(t, root, "terraform/1_foundation/main.tf", "")
	write(t, root, "terraform/2_networking/main.tf", "")
	lock := filepath.Join(root, "terraform/2_networking", lockFile)
	for name, brand := range map[string]string{"Terraform v1.11.4": "registry.terraform.io", "OpenTofu v1.10.0": "registry.opentofu.org"} {
		cli := filepath.Join(root, "cli")
		write(t, root, "cli", "#!/bin/sh\necho '"+name+"'\n")
		if err := os.Chmod(cli, 0o755); err != nil {
			t.Fatal(err)
		}
		tf := terraform{cli: cli, dir: filepath.Dir(lock)}
		var before string
		initialise := func(version string) func() error {
			return func() error {
				content, err := os.ReadFile(lock)
				if err != nil {
					return err
				}
				before = string(content)
				made := strings.Replace(before, "5.100.0", version, 1)
				return os.WriteFile(lock, []byte(strings.Replace(made, "\n}", "\n  hashes = [\"h1:x\"]\n}", 1)), 0o644)
			}
		}
		if err := initPinned(t.Context(), tf, initialise("5.100.0")); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(before, brand+"/hashicorp/aws") || string(after) != before {
			t.Errorf("%s: init found\n%s\nand left\n%s", name, before, after)
		}
		if err := initPinned(t.Context(), tf, initialise("6.0.0")); err == nil || !strings.Contains(err.Error(), "aws 6.0.0, expected "+brand+"/hashicorp/aws 5.100.0") {
			t.Errorf("%s: got %v", name, err)
		}
		if err := lockPredecessor(t.Context(), tf, "2_networking"); err != nil {
			t.Fatal(err)
		}
		if predecessor, err := os.ReadFile(filepath.Join(root, "terraform/1_foundation", lockFile)); err != nil || string(predecessor) != before {
			t.Errorf("%s: the stage before has %q, %v", name, predecessor, err)
		}
	}
}

// TestPinnedVersionsFitTheStages compares terraform/providers.lock.hcl with what the stages require.
func TestPinnedVersionsFitTheStages(t *testing.T) {
	content, err := os.ReadFile("../../terraform/providers.lock.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range project.Stages {
		main, err := os.ReadFile(filepath.Join("../../terraform", stage, "main.tf"))
		if err != nil {
			t.Fatal(err)
		}
		required := regexp.MustCompile(`source\s*= "([^"]+)"\s+version\s*= "([^"]+)"`).FindAllSubmatch(main, -1)
		if len(required) < 2 {
			t.Errorf("%s requires %d providers, expected aws and titanicml at least", stage, len(required))
		}
		for _, match := range required {
			want := `"registry.terraform.io/` + string(match[1]) + `"`
			if !bytes.Contains(content, []byte(want)) || !bytes.Contains(content, []byte(`constraints = "`+string(match[2])+`"`)) {
				t.Errorf("%s requires %s %s, which providers.lock.hcl does not hold", stage, match[1], match[2])
			}
		}
	}
}
