// Package project reads terraform/project.tfvars, the one file that a fork edits, and derives what scripts and workflows need from it:
// backend settings, roles, the region. Names of stages and their order are here, too.
package project

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
)

// Stages is the order; a stage uses only what stands before it.
var Stages = []string{"1_foundation", "2_networking", "3_data", "4_ml_training", "5_serving", "6_orchestration", "7_observability_cost"}

// Select returns the named stages in their order; none named means all.
func Select(names []string) ([]string, error) {
	if len(names) == 0 {
		return Stages, nil
	}
	for _, name := range names {
		if !slices.Contains(Stages, name) {
			return nil, fmt.Errorf("got the stage %q, expected one of %s", name, strings.Join(Stages, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(Stages), func(name string) bool { return !slices.Contains(names, name) }), nil
}

// Project is what terraform/project.tfvars says.
type Project struct {
	// Accounts are the account IDs of dev and prod.
	Accounts map[string]string
	Region   string
	// Repository is OWNER/NAME on GitHub.
	Repository string
}

// Read reads terraform/project.tfvars below the root of the repository.
func Read(root string) (Project, error) {
	file := filepath.Join(root, "terraform", "project.tfvars")
	parsed, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		return Project{}, fmt.Errorf("read %s: %w", file, diags)
	}
	attributes, diags := parsed.Body.JustAttributes()
	if diags.HasErrors() {
		return Project{}, fmt.Errorf("read %s: %w", file, diags)
	}
	given, ok := attributes["project"]
	if !ok {
		return Project{}, fmt.Errorf("read %s: it has no project", file)
	}
	value, diags := given.Expr.Value(nil)
	if diags.HasErrors() {
		return Project{}, fmt.Errorf("read %s: %w", file, diags)
	}
	for _, name := range []string{"account_ids", "github_repository", "region"} {
		if !value.Type().IsObjectType() || !value.Type().HasAttribute(name) {
			return Project{}, fmt.Errorf("read %s: project lacks %s", file, name)
		}
	}
	p := Project{Accounts: map[string]string{}}
	if err := gocty.FromCtyValue(value.GetAttr("region"), &p.Region); err != nil {
		return Project{}, fmt.Errorf("read %s: region: %w", file, err)
	}
	if err := gocty.FromCtyValue(value.GetAttr("github_repository"), &p.Repository); err != nil {
		return Project{}, fmt.Errorf("read %s: github_repository: %w", file, err)
	}
	for _, env := range []string{"dev", "prod"} {
		path := cty.GetAttrPath("account_ids").GetAttr(env)
		id, err := path.Apply(value)
		if err != nil || id.Type() != cty.String {
			return Project{}, fmt.Errorf("read %s: account_ids.%s is not a string", file, env)
		}
		p.Accounts[env] = id.AsString()
	}
	return p, nil
}

// BackendSettings are what the partial backend configuration of every stage leaves out.
func BackendSettings(root, env, stage string) ([]string, error) {
	p, err := Read(root)
	if err != nil {
		return nil, err
	}
	account, ok := p.Accounts[env]
	if !ok {
		return nil, fmt.Errorf("got --env %q, expected dev or prod", env)
	}
	if _, err := Select([]string{stage}); err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("-backend-config=bucket=titanic-%s-state-%s", env, account),
		fmt.Sprintf("-backend-config=key=%s/%s/terraform.tfstate", env, stage),
		fmt.Sprintf("-backend-config=kms_key_id=arn:aws:kms:%s:%s:alias/titanic-%s-state", p.Region, account, env),
		fmt.Sprintf("-backend-config=region=%s", p.Region),
	}, nil
}

// RoleARN is the role of a workflow: apply or plan.
func RoleARN(root, env, kind string) (string, error) {
	p, err := Read(root)
	if err != nil {
		return "", err
	}
	account, ok := p.Accounts[env]
	if !ok {
		return "", fmt.Errorf("got --env %q, expected dev or prod", env)
	}
	if kind != "apply" && kind != "plan" {
		return "", fmt.Errorf("got the role %q, expected apply or plan", kind)
	}
	return fmt.Sprintf("arn:aws:iam::%s:role/titanic-%s-%s", account, env, kind), nil
}
