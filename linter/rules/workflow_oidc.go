package rules

import (
	"regexp"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/workflow"
)

// WorkflowOIDC reports static AWS keys and broad tokens in workflows.
var WorkflowOIDC = &linter.Rule{
	Name:     "workflow_oidc",
	Title:    "workflows must use short-lived credentials and a narrow token",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerTree,
	Text: `A static AWS key in a repository's secrets works from anywhere until somebody rotates it. GitHub signs a token for each job instead, with
which the job assumes a role whose trust policy names the repository and environment. Findings are

- ` + "`aws-access-key-id` or `aws-secret-access-key`" + ` given to aws-actions/configure-aws-credentials, and AWS_ACCESS_KEY_ID or
  AWS_SECRET_ACCESS_KEY set from a secret or a literal, in ` + "`env`" + ` or by a script,
- ` + "`role-to-assume` without the permission `id-token: write`" + `, which cannot work,
- a job whose token has the repository's default permissions, because neither it nor its workflow declares ` + "`permissions`" + `,
- ` + "`permissions: write-all`" + `.`,
	Run: runWorkflowOIDC,
}

var staticKey = regexp.MustCompile(`(?i)^aws_(access_key_id|secret_access_key)$`)

// scriptKey is a key that a script sets, from a secret or in plain text.
var scriptKey = regexp.MustCompile(`(?i)\b(aws_access_key_id|aws_secret_access_key)["']?(?:=|\s+)["']?(?:\$\{\{\s*secrets\.|[A-Za-z0-9/+]{16,})`)

func runWorkflowOIDC(p *linter.Pass) {
	for _, repo := range workflow.Find(p.Tree, p.Tree.Start) {
		for _, f := range repo.Files {
			staticKeys(p, "the workflow", f.Env)
			broadToken(p, "the workflow", f.Permissions)
			for _, j := range f.Jobs {
				staticKeys(p, "job "+j.ID, j.Env)
				broadToken(p, "job "+j.ID, j.Permissions)
				token := j.Permissions
				if token == nil {
					token = f.Permissions
				}
				if token == nil {
					p.Report(value.At(j.At), "job %s has a token with the repository's default permissions; declare permissions, contents: read at first", j.ID)
				}
				for _, s := range j.Steps {
					oidcStep(p, j, s, token)
				}
			}
		}
	}
}

func staticKeys(p *linter.Pass, who string, env []workflow.Setting) {
	for _, s := range env {
		// A value from an earlier step may be a session's; secrets and literals are keys that live on.
		fromStep := strings.Contains(s.Value, "${{") && !strings.Contains(s.Value, "secrets.")
		if staticKey.MatchString(s.Key) && s.Value != "" && !fromStep {
			p.Report(value.At(s.At), "%s sets %s, a static key; assume a role with the job's OIDC token", who, s.Key).Secret = true
		}
	}
}

func broadToken(p *linter.Pass, who string, t *workflow.Permissions) {
	if t != nil && t.All == "write-all" {
		p.Report(value.At(t.At), "%s has a token that may write everything; list the permissions that it needs", who)
	}
}

func oidcStep(p *linter.Pass, j *workflow.Job, s workflow.Step, token *workflow.Permissions) {
	staticKeys(p, "job "+j.ID, s.Env)
	if m := scriptKey.FindStringSubmatch(s.Run); m != nil {
		p.Report(value.At(s.RunAt), "job %s sets %s in a script, a static key; assume a role with the job's OIDC token", j.ID, m[1]).Secret = true
	}
	if !strings.HasPrefix(s.Uses.Name, "aws-actions/configure-aws-credentials@") {
		return
	}
	role := ""
	for _, in := range s.Inputs {
		switch in.Key {
		case "aws-access-key-id", "aws-secret-access-key":
			if in.Value != "" && (strings.Contains(in.Value, "secrets.") || !strings.Contains(in.Value, "${{")) {
				p.Report(value.At(in.At), "job %s gives %s to configure-aws-credentials, a static key; use role-to-assume", j.ID, in.Key).Secret = true
			}
		case "role-to-assume":
			role = in.Value
		}
	}
	if role != "" && token != nil && !token.Allows("id-token", "write") {
		p.Report(value.At(s.Uses.At), "job %s assumes a role without the permission id-token: write, so it gets no token; declare the permission", j.ID)
	}
}
