package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Settings are what a command line gives every root module.
type Settings struct {
	// Vars are "name=value" settings, VarFiles are shown paths; both as Terraform's flags of the same name.
	Vars, VarFiles []string
	// Workspace is the value of terraform.workspace; empty means the configuration's or Terraform's default.
	Workspace string
}

// Root evaluates a root module of files, such as those of an earlier revision; nil when the directory holds none. What is wrong with its
// variables is not told: it is reported when the files of today are linted.
func (s Settings) Root(ctx context.Context, files module.Files, dir string) (*eval.Root, error) {
	cache := module.NewCache(files)
	src, err := cache.Load(dir)
	if errors.Is(err, module.ErrNoModule) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	vars, _ := s.Variables(files, src)
	return eval.New(ctx, src, NewLoader(files, cache), eval.Options{Variables: vars, Workspace: s.Workspace}), nil
}

// Variables gathers a root module's settings in Terraform's order: later ones win.
func (s Settings) Variables(files module.Files, src *module.Module) (map[string]value.Value, hcl.Diagnostics) {
	vars := map[string]value.Value{}
	var diags hcl.Diagnostics
	failed := func(format string, args ...any) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf(format, args...)})
	}
	entries, err := files.ReadDir(src.Dir)
	if err != nil {
		failed("%v", err)
		return vars, diags
	}
	var first, auto []string
	for _, e := range entries {
		switch n := e.Name(); {
		case n == "terraform.tfvars" || n == "terraform.tfvars.json":
			first = append(first, path.Join(src.Dir, n))
		case strings.HasSuffix(n, ".auto.tfvars") || strings.HasSuffix(n, ".auto.tfvars.json"):
			auto = append(auto, path.Join(src.Dir, n))
		}
	}
	for i, name := range slices.Concat(first, auto, s.VarFiles) {
		text, err := files.ReadFile(name, module.MaxSource)
		if err != nil {
			failed("%v", err)
			continue
		}
		values, more := eval.VarsFile(name, text)
		diags = append(diags, more...)
		for k, v := range values {
			if i >= len(first)+len(auto) && src.Variables[k] == nil {
				continue
			}
			vars[k] = v
		}
	}
	for _, v := range s.Vars {
		name, text, _ := strings.Cut(v, "=")
		decl := src.Variables[name]
		if decl == nil {
			continue
		}
		v, err := eval.VarFlag(decl, text)
		if err != nil {
			failed("--var %s: %v", name, err)
			continue
		}
		vars[name] = v
	}
	return vars, diags
}
