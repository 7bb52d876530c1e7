package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

// found is a managed resource of a stage as far as its sources say: what only AWS knows is not there.
type found struct {
	stage, kind, address string
	text                 map[string]string // arguments that are known
	policies             []*iam.Policy
}

// evaluate evaluates the stages of one environment from their sources, without Terraform and without a provider.
func evaluate(ctx context.Context, root, env string) ([]found, error) {
	files, err := module.OpenDisk(root, root)
	if err != nil {
		return nil, fmt.Errorf("open the repository: %w", err)
	}
	defer func() { _ = files.Close() }() // only read from
	var all []found
	var lock sync.Mutex
	for _, stage := range project.Stages {
		collect := &linter.Rule{
			Name: "collect", Title: "collects", Text: "Collects.", Severity: linter.Notice, Since: "0.1.0", Scope: linter.PerResource,
			Run: func(p *linter.Pass) {
				r := describe(stage, p.Root, p.Resource)
				lock.Lock()
				defer lock.Unlock()
				all = append(all, r)
			},
		}
		directory := path.Join("terraform", stage)
		result, err := linter.Run(ctx, linter.Options{
			Rules: []*linter.Rule{collect}, Files: files, Dirs: []string{directory}, Workers: 1,
			VarFiles: []string{"terraform/project.tfvars", path.Join(directory, "env", env+".tfvars")},
		})
		if err != nil {
			return nil, fmt.Errorf("evaluate %s: %w", stage, err)
		}
		for _, failure := range result.Failures {
			return nil, fmt.Errorf("evaluate %s: %s", stage, failure.Message)
		}
	}
	return all, nil
}

func describe(stage string, root *eval.Root, r *eval.Resource) found {
	f := found{stage: stage, kind: r.Type, address: r.Address(), text: map[string]string{}}
	for _, name := range r.AttrNames() {
		if text, ok := r.Attr(name).Str(); ok {
			f.text[name] = text
		}
	}
	for _, p := range policies.In(root, r) {
		if p.Kind == iam.Identity || p.Kind == iam.Limit {
			f.policies = append(f.policies, p.Doc)
		}
	}
	return f
}

// role is what a workflow's role holds: its policies, and the boundary that limits them.
type role struct {
	policies []*iam.Policy
	boundary *iam.Policy
}

func (r role) may(q request) bool {
	return allows(r.policies, q) && allows([]*iam.Policy{r.boundary}, q)
}

// workflowRoles are the apply and the plan role, from stage 1: its policies say in their names to whom they belong.
func workflowRoles(all []found, env string) (apply, plan role, err error) {
	for _, f := range all {
		if f.stage != "1_foundation" || f.kind != "aws_iam_policy" {
			continue
		}
		name, ok := strings.CutPrefix(f.text["name"], "titanic-"+env+"-")
		if !ok || len(f.policies) != 1 {
			return apply, plan, fmt.Errorf("%s: got the name %q and %d policies, expected titanic-%s-… and one", f.address, f.text["name"], len(f.policies), env)
		}
		switch {
		case name == "ci-boundary":
			apply.boundary, plan.boundary = f.policies[0], f.policies[0]
		case name == "ci-apply-state", strings.HasPrefix(name, "ci-write-"):
			apply.policies = append(apply.policies, f.policies[0])
		case name == "ci-plan-state":
			plan.policies = append(plan.policies, f.policies[0])
		case strings.HasPrefix(name, "ci-read-"):
			apply.policies = append(apply.policies, f.policies[0])
			plan.policies = append(plan.policies, f.policies[0])
		}
	}
	if apply.boundary == nil || len(apply.policies) < 3 || len(plan.policies) < 2 {
		return apply, plan, fmt.Errorf("stage 1 of %s has %d policies for apply and %d for plan, expected more", env, len(apply.policies), len(plan.policies))
	}
	return apply, plan, nil
}

// workloadBoundary is what limits every role of stages 2 to 7.
func workloadBoundary(all []found, env string) (*iam.Policy, error) {
	i := slices.IndexFunc(all, func(f found) bool { return f.text["name"] == "titanic-"+env+"-workload-boundary" })
	if i < 0 || len(all[i].policies) != 1 {
		return nil, fmt.Errorf("stage 1 of %s has no workload boundary", env)
	}
	return all[i].policies[0], nil
}
