package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// TestWorkflowsOnlyCall looks at every step of the workflows: it is one call of a make target, a script or a tool, so that it can be
// run at home, and a pipe in it fails when its first command does.
func TestWorkflowsOnlyCall(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) < 6 {
		t.Fatalf("found %d workflows: %v", len(files), err)
	}
	call := regexp.MustCompile(`^(?:make|scripts/[a-z-]+\.sh|go run \./[a-z/]+)(?: [^;&|]*)?(?:\| tee -a "\$GITHUB_STEP_SUMMARY")?$`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		workflow, errs := actionlint.Parse(content)
		if workflow == nil {
			t.Fatalf("%s: %v", file, errs)
		}
		named := workflow.Defaults != nil && workflow.Defaults.Run != nil && workflow.Defaults.Run.Shell != nil && workflow.Defaults.Run.Shell.Value == "bash"
		if !named {
			t.Errorf("%s: defaults.run.shell is not bash: without a name, bash does not fail for the first command of a pipe", filepath.Base(file))
		}
		for _, job := range workflow.Jobs {
			for _, step := range job.Steps {
				run, ok := step.Exec.(*actionlint.ExecRun)
				if !ok {
					continue
				}
				if text := strings.TrimSpace(run.Run.Value); !call.MatchString(text) {
					t.Errorf("%s:%d: %q is more than a call; make it a target or a script", filepath.Base(file), step.Pos.Line, text)
				}
			}
		}
	}
}

// TestWorkflowsNameNoProject keeps accounts, repository and region in terraform/project.tfvars.
func TestWorkflowsNameNoProject(t *testing.T) {
	literal := regexp.MustCompile(`\b[0-9]{12}\b|\b(?:eu|us|ap|sa|ca)-[a-z]+-[0-9]\b|arn:aws`)
	for _, pattern := range []string{"../../.github/workflows/*.yml", "../../.github/actions/*/action.yml", "../*.sh", "../../terraform/*/*.tf", "../../terraform/*/env/*.tfvars", "../../terraform/modules/*/*.tf"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for number, line := range strings.Split(string(content), "\n") {
				found := literal.FindString(line)
				// ARNs of the stages are made of the account and the region; an example in a message is none.
				if found == "" || found == "arn:aws" && !strings.Contains(pattern, ".github") || strings.Contains(line, "error_message") {
					continue
				}
				t.Errorf("%s:%d: %q is for terraform/project.tfvars to say", file, number+1, found)
			}
		}
	}
}

// TestWorkflowsUseNewestGo keeps what is built and scanned off the first patch of a Go version, whose library has known
// vulnerabilities: the newest patch of the version that go.mod names.
func TestWorkflowsUseNewestGo(t *testing.T) {
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	if version == nil {
		t.Fatal("go.mod names no Go version")
	}
	want := regexp.MustCompile(`uses: actions/setup-go@[^\n]+\n +with:\n +go-version: ` + regexp.QuoteMeta(string(version[1])) + `\.x[^\n]*\n +check-latest: true\n`)
	found := 0
	for _, pattern := range []string{"../../.github/workflows/*.yml", "../../.github/actions/*/action.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			uses := strings.Count(string(content), "uses: actions/setup-go@")
			found += uses
			if got := len(want.FindAll(content, -1)); got != uses {
				t.Errorf("%s: %d of %d uses of setup-go ask for the newest %s.x", file, got, uses, version[1])
			}
		}
	}
	if found == 0 {
		t.Error("no workflow sets up Go")
	}
}
