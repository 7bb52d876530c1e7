package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/workflow"
)

// WorkflowPinned reports actions that are not pinned by commit.
var WorkflowPinned = &linter.Rule{
	Name:     "workflow_pinned",
	Title:    "actions must be pinned by commit",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerTree,
	Text: `A tag or branch of an action can be moved by whoever controls its repository, and the next run executes the new code with the job's
token and credentials. A full commit hash cannot. Write the version behind it as a comment, which update bots keep current. Reusable
workflows of other repositories are held to the same; images of actions, jobs and services to a digest. Actions of this repository need no pin; what their steps use does.`,
	Options: []linter.Option{
		{Name: "trusted", Default: []string{}, Text: "Owners whose actions may be named by tag."},
	},
	Run: runWorkflowPinned,
}

var (
	commitHash  = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	imageDigest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
)

func runWorkflowPinned(p *linter.Pass) {
	for _, repo := range workflow.Find(p.Tree, p.Tree.Start) {
		seen := map[string]bool{}
		for _, f := range repo.Files {
			for _, j := range f.Jobs {
				who := "job " + j.ID
				pinned(p, who, j.Calls)
				for _, image := range j.Images {
					pinned(p, who, image)
				}
				for _, s := range j.Steps {
					pinned(p, who, s.Uses)
					pinnedIn(p, repo, s.Uses.Name, seen)
				}
			}
		}
	}
}

// pinnedIn looks at the steps of a local action, and of those that it uses.
func pinnedIn(p *linter.Pass, repo *workflow.Repository, action string, seen map[string]bool) {
	if seen[action] || !strings.HasPrefix(action, "./") {
		return
	}
	seen[action] = true
	for _, use := range repo.ActionUses(action) {
		pinned(p, "action "+action, use)
		pinnedIn(p, repo, use.Name, seen)
	}
}

func pinned(p *linter.Pass, who string, use workflow.Use) {
	if use.Name == "" || strings.HasPrefix(use.Name, "./") || strings.Contains(use.Name, "${{") {
		return
	}
	if image, ok := strings.CutPrefix(use.Name, "docker://"); ok {
		if !imageDigest.MatchString(image) {
			p.Report(value.At(use.At), "%s uses the image %q without a digest; append @sha256 and the digest", who, image)
		}
		return
	}
	name, ref, found := strings.Cut(use.Name, "@")
	owner, _, _ := strings.Cut(name, "/")
	if commitHash.MatchString(ref) || slices.Contains(p.Strings("trusted"), owner) {
		return
	}
	if !found {
		p.Report(value.At(use.At), "%s uses %q without a version; name the commit", who, use.Name)
		return
	}
	p.Report(value.At(use.At), "%s uses %q, which its owner can move; name the commit instead of %q", who, use.Name, ref)
}
