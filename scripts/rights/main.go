// Command rights checks, before any account does, that the roles of the workflows may make every call that Terraform makes for
// the stages, and that no workload role is promised what its boundary takes away. It evaluates the sources of terraform/ and
// needs neither Terraform nor a provider. Output: what is missing, one line each.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

func main() {
	if err := run(context.Background(), "."); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "rights: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
	fmt.Println("the workflow roles of dev and prod may make every call that is known, and the boundary lets the workload roles work")
}

func run(ctx context.Context, root string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	calls, err := parseCalls(callsText)
	if err != nil {
		return err
	}
	p, err := project.Read(root)
	if err != nil {
		return err
	}
	var missing []error
	for _, env := range []string{"dev", "prod"} {
		all, err := evaluate(ctx, root, env)
		if err != nil {
			return err
		}
		lines, err := check(all, place{env: env, account: p.Accounts[env], region: p.Region}, calls)
		if err != nil {
			return err
		}
		for _, line := range lines {
			missing = append(missing, errors.New(line))
		}
	}
	return errors.Join(missing...)
}

// place is an environment in its account.
type place struct{ env, account, region string }

// check returns what the roles of one environment lack.
func check(all []found, at place, calls []call) ([]string, error) {
	apply, plan, err := workflowRoles(all, at.env)
	if err != nil {
		return nil, err
	}
	boundary, err := workloadBoundary(all, at.env)
	if err != nil {
		return nil, err
	}
	lacking := map[string]bool{}
	for _, c := range calls {
		if c.kind == "backend" || c.kind == "workflow" {
			judge(lacking, c, found{kind: c.kind, stage: "7_observability_cost"}, at, apply, plan)
		}
	}
	for _, f := range all {
		known := false
		for _, c := range calls {
			if c.kind != f.kind {
				continue
			}
			known = true
			judge(lacking, c, f, at, apply, plan)
		}
		if !known {
			lacking[fmt.Sprintf("calls.txt says nothing about %s", f.kind)] = true
		}
		if f.stage == "1_foundation" || f.kind != "aws_iam_role_policy" {
			continue
		}
		for _, line := range promised(f, at.env, boundary) {
			lacking[line] = true
		}
	}
	return slices.Sorted(maps.Keys(lacking)), nil
}

func judge(lacking map[string]bool, c call, f found, at place, apply, plan role) {
	if f.stage == "1_foundation" && c.phase != "read" {
		return // an administrator applies stage 1
	}
	if c.when != "" && f.text[c.when] != "true" {
		return
	}
	value := func(name string) (string, bool) {
		switch name {
		case "account":
			return at.account, true
		case "env":
			return at.env, true
		case "region":
			return at.region, true
		}
		text, ok := f.text[name]
		return text, ok
	}
	resource, ok := fill(c.resource, value)
	if !ok {
		// An ARN that only AWS knows is that of a role of ours here: who is passed is checked where its name is known.
		return
	}
	q := request{resource: resource, context: map[string]string{"kms:ViaService": "s3." + at.region + ".amazonaws.com"}}
	if c.tagged {
		q.context["aws:ResourceTag/env"], q.context["aws:ResourceTag/project"] = at.env, "titanic-sagemaker"
	}
	for key, pattern := range c.context {
		q.context[key], _ = fill(pattern, value)
	}
	for _, action := range c.actions {
		q.action = action
		if !apply.may(q) {
			lacking[fmt.Sprintf("%s: the apply role may not %s on %s (%s, %s)", at.env, action, resource, f.kind, c.phase)] = true
		}
		// Pull requests are planned against dev; prod's plan role reads no evidence.
		if c.phase == "read" && at.env == "dev" && !plan.may(q) {
			lacking[fmt.Sprintf("%s: the plan role may not %s on %s (%s)", at.env, action, resource, f.kind)] = true
		}
	}
}

// promised are the actions that a workload role's policy allows and its boundary does not.
func promised(f found, env string, boundary *iam.Policy) []string {
	var lines []string
	for _, p := range f.policies {
		for _, s := range p.Statements {
			if s.Effect != iam.Allow {
				continue
			}
			for _, t := range s.Action.Items {
				if !boundaryGrants(boundary, t.S) {
					lines = append(lines, fmt.Sprintf("%s: %s of %s allows %s, which the workload boundary does not", env, f.address, f.stage, t.S))
				}
			}
		}
	}
	return lines
}

func boundaryGrants(boundary *iam.Policy, action string) bool {
	for _, s := range boundary.Statements {
		if s.Effect != iam.Allow {
			continue
		}
		for _, t := range s.Action.Items {
			if strings.EqualFold(t.S, action) || actions.Match(t.S, action) {
				return true
			}
		}
	}
	return false
}
