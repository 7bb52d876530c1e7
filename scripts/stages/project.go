package main

import (
	"fmt"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
)

// project is terraform/project.tfvars.
type project struct {
	accounts map[string]string
	region   string
}

func readProject(root string) (project, error) {
	file := filepath.Join(root, "terraform", "project.tfvars")
	parsed, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		return project{}, fmt.Errorf("read %s: %w", file, diags)
	}
	attributes, diags := parsed.Body.JustAttributes()
	if diags.HasErrors() {
		return project{}, fmt.Errorf("read %s: %w", file, diags)
	}
	given, ok := attributes["project"]
	if !ok {
		return project{}, fmt.Errorf("read %s: it has no project", file)
	}
	value, diags := given.Expr.Value(nil)
	if diags.HasErrors() {
		return project{}, fmt.Errorf("read %s: %w", file, diags)
	}
	if !value.Type().HasAttribute("region") || !value.Type().HasAttribute("account_ids") {
		return project{}, fmt.Errorf("read %s: project needs region and account_ids", file)
	}
	p := project{accounts: map[string]string{}}
	if err := gocty.FromCtyValue(value.GetAttr("region"), &p.region); err != nil {
		return project{}, fmt.Errorf("read %s: region: %w", file, err)
	}
	for _, env := range []string{"dev", "prod"} {
		path := cty.GetAttrPath("account_ids").GetAttr(env)
		id, err := path.Apply(value)
		if err != nil || id.Type() != cty.String {
			return project{}, fmt.Errorf("read %s: account_ids.%s is not a string", file, env)
		}
		p.accounts[env] = id.AsString()
	}
	return p, nil
}

// backendSettings are what the partial backend configuration of every stage leaves out.
func backendSettings(root, env, stage string) ([]string, error) {
	p, err := readProject(root)
	if err != nil {
		return nil, err
	}
	account, ok := p.accounts[env]
	if !ok {
		return nil, fmt.Errorf("got --env %q, expected dev or prod", env)
	}
	if _, err := selectStages([]string{stage}); err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("-backend-config=bucket=titanic-%s-state-%s", env, account),
		fmt.Sprintf("-backend-config=key=%s/%s/terraform.tfstate", env, stage),
		fmt.Sprintf("-backend-config=kms_key_id=arn:aws:kms:%s:%s:alias/titanic-%s-state", p.region, account, env),
		fmt.Sprintf("-backend-config=region=%s", p.region),
	}, nil
}

// roleARN is the role of a workflow: apply or plan.
func roleARN(root, env, kind string) (string, error) {
	p, err := readProject(root)
	if err != nil {
		return "", err
	}
	account, ok := p.accounts[env]
	if !ok {
		return "", fmt.Errorf("got --env %q, expected dev or prod", env)
	}
	if kind != "apply" && kind != "plan" {
		return "", fmt.Errorf("got the role %q, expected apply or plan", kind)
	}
	return fmt.Sprintf("arn:aws:iam::%s:role/titanic-%s-%s", account, env, kind), nil
}
