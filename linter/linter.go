// Package linter runs rules over Terraform configurations. Input: directories or plans below one root, rules and settings.
// Output: findings, sorted, and the failures of the run itself. It executes and fetches nothing.
package linter

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/baseline"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
)

// Options say what one run does.
type Options struct {
	Rules []*Rule
	// Files confines reading; its paths are the ones shown.
	Files Files
	// Dirs are the directories to lint, as shown; with Recursive everything below them too.
	Dirs      []string
	Recursive bool
	// Plans are decoded `terraform show -json` documents.
	Plans []*plan.Plan
	// Config is the only configuration file when set; Top is the highest directory searched for one otherwise.
	Config, Top string
	Flags       Flags
	// Vars are "name=value" settings, VarFiles are shown paths; both as Terraform's flags of the same name.
	Vars, VarFiles []string
	Workspace      string
	// DiffBase is a git revision for the rules that compare.
	DiffBase string
	// Baseline holds accepted findings, nil for none.
	Baseline *baseline.File
	// Workers is the number of root modules linted at once; zero means one for each processor.
	Workers int
	// Now decides whether an ignore has expired.
	Now time.Time
	// Progress is called after every root module when set, by one goroutine at a time.
	Progress func(done, total int)
	// Timing measures every rule, which costs time itself.
	Timing bool
}

// Result is what a run found.
type Result struct {
	// Findings are sorted by place, rule and message; ignored and baselined ones are gone.
	Findings []*Finding
	Failures []Failure
	// Minimum is the lowest severity that fails the run by the configuration of the first directory; zero when not configured.
	Minimum Severity
	// Removable are baseline entries that match nothing any more.
	Removable []baseline.Entry
	Stats     Stats
}

// Run lints. The error is for settings that make no run possible; everything else is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	roots := r.discover()
	r.lintAll(roots)
	r.lintAll(r.found.Others(func(dir string) bool { return r.roots[dir] || r.cache.Has(dir) }))
	for _, p := range o.Plans {
		r.lintPlan(p)
	}
	r.lintTree()
	findings := distinct(r.findings)
	findings = r.applyIgnores(findings)
	findings = r.applyExcludes(findings)
	var removable []baseline.Entry
	if o.Baseline != nil {
		accepted := o.Baseline.Matcher()
		findings = slices.DeleteFunc(findings, func(f *Finding) bool { return accepted.Accepts(f.Fingerprint()) })
		removable = accepted.Removable()
	}
	slices.SortStableFunc(findings, compareFindings)
	r.snippets(findings)
	if err := ctx.Err(); err != nil {
		r.fail("the run was stopped: "+context.Cause(ctx).Error()+"; findings are incomplete", hcl.Range{})
	}
	return &Result{Findings: findings, Failures: r.sortedFailures(), Minimum: r.minimum(), Removable: removable, Stats: r.stats()}, nil
}

func workers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}
