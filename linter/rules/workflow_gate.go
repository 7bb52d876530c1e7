package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/workflow"
)

// WorkflowGate reports workflows that apply to production without a gate, and pull requests that are not checked.
var WorkflowGate = &linter.Rule{
	Name:     "workflow_gate",
	Title:    "production must be behind a gate, and pull requests must be checked",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerTree,
	Text: `Looks at the GitHub workflows of the repository:

- a job that applies Terraform to production declares an ` + "`environment`" + `, whose protection asks a person for approval. The protection
  itself is a setting of the repository, which no file shows;
- it comes after a job that applies to an earlier environment (` + "`needs`" + `), or its workflow is started by hand or by another one;
- nothing is applied on a pull request;
- pull requests run ` + "`fmt`, `validate`, `plan`" + `, a linter of the configuration and a security scan;
- every workflow is YAML: GitHub runs nothing of one that is not.

Commands are followed into make targets, shell scripts, local actions and reusable workflows of the repository. A job is about production
when its name, environment, variables, inputs or commands have the word prod or production.`,
	Run: runWorkflowGate,
}

var (
	lintTools = regexp.MustCompile(`titanicml-lint|\btflint\b`)
	scanTools = regexp.MustCompile(`(?i)\b(trivy|checkov|tfsec|terrascan|kics|snyk|semgrep|govulncheck|gosec|codeql(-action)?|grype|osv-scanner|zizmor|gitleaks)\b`)
)

func runWorkflowGate(p *linter.Pass) {
	for _, repo := range workflow.Find(p.Tree, p.Tree.Start) {
		for _, b := range repo.Broken {
			p.Report(value.At(b.At), "workflow %s is no YAML, so that GitHub runs none of its checks: %s", path.Base(b.At.Filename), strings.TrimPrefix(b.Problem, "could not parse as YAML: "))
		}
		for _, f := range repo.Files {
			for _, j := range f.Jobs {
				gateJob(p, j)
			}
		}
		if len(repo.Files) > 0 {
			pullRequests(p, repo)
		}
	}
}

func gateJob(p *linter.Pass, j *workflow.Job) {
	if !applies(j) {
		return
	}
	f := j.File
	if f.TriggeredBy("pull_request", "pull_request_target") && !j.Conditional {
		p.Report(value.At(j.At), "job %s applies on a pull request, before anybody has reviewed it; apply after the merge", j.ID)
	}
	if !j.Prod() {
		return
	}
	if !gated(j, 0) {
		p.Report(value.At(j.At), "job %s applies to production without an environment; declare one, whose protection asks for approval", j.ID)
	}
	// A reusable workflow is judged where it is called; one that is started by hand or by another workflow has its order there.
	if f.TriggeredBy("workflow_call", "workflow_dispatch", "workflow_run", "repository_dispatch", "release", "deployment") && !f.TriggeredBy("push", "schedule") {
		return
	}
	if !j.After(func(o *workflow.Job) bool { return o.Dev() && applies(o) }) {
		p.Report(value.At(j.At), "job %s applies to production without an earlier environment; let it need the job that applies to dev", j.ID)
	}
}

func applies(j *workflow.Job) bool { return workflow.Runs(j.Commands(), "apply") }

// gated reports whether the job, or every applying job of the workflow that it calls, declares an environment.
func gated(j *workflow.Job, depth int) bool {
	called := j.Called()
	if called == nil || depth > 5 {
		return j.HasEnvironment
	}
	for _, inner := range called.Jobs {
		if applies(inner) && !gated(inner, depth+1) {
			return false
		}
	}
	return true
}

func pullRequests(p *linter.Pass, repo *workflow.Repository) {
	var commands strings.Builder
	var first *workflow.File
	for _, f := range repo.Files {
		if f.TriggeredBy("pull_request", "pull_request_target", "merge_group") {
			if first == nil {
				first = f
			}
			for _, j := range f.Jobs {
				commands.WriteString(j.Commands())
			}
		}
	}
	if first == nil {
		p.Report(value.At(repo.Files[0].On), "no workflow runs on pull_request; run fmt, validate, plan, a linter and a security scan there")
		return
	}
	text := commands.String()
	var missing []string
	for _, c := range []string{"fmt", "validate", "plan"} {
		if !workflow.Runs(text, c) {
			missing = append(missing, "terraform "+c)
		}
	}
	if !lintTools.MatchString(text) {
		missing = append(missing, "titanicml-lint")
	}
	if !scanTools.MatchString(text) {
		missing = append(missing, "a security scan")
	}
	if len(missing) > 0 {
		p.Report(value.At(first.On), "pull requests do not run %s; add the missing checks", strings.Join(missing, ", "))
	}
}
