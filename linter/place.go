package linter

import (
	"regexp"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Place is where findings about a whole module stand: its terraform block, else the start of its first file.
func Place(m *module.Module) value.Locator {
	if len(m.Terraform) > 0 {
		return value.At(module.HeaderRange(m.Terraform[0]))
	}
	name := m.Dir
	for _, f := range m.Files {
		if name == m.Dir || f.Path == m.Dir+"/main.tf" {
			name = f.Path
		}
	}
	return value.At(hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos})
}

var patterns sync.Map // string to *regexp.Regexp

// Lazy is a pattern that is compiled when it is first used: a process that lints one directory in milliseconds cannot afford to
// compile the patterns of every rule.
func Lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Regexp compiles a pattern once per process. The pattern must have passed an Option.Check or be a literal.
func Regexp(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	patterns.Store(pattern, re)
	return re
}
