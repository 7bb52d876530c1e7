package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// ResourceNaming holds labels and names to one pattern each.
var ResourceNaming = &linter.Rule{
	Name:     "resource_naming",
	Title:    "labels and names must follow the naming patterns",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerModule | linter.PerResource,
	Text: `Labels of resources, data sources, modules, variables, outputs and locals follow ` + "`label`" + `; the ` + "`name`" + ` argument of a resource
follows ` + "`name`" + ` (or the pattern that ` + "`names`" + ` gives its type), as far as its text is known. A label does not repeat its type:
` + "`aws_s3_bucket.s3_bucket`" + ` says nothing that the type does not say.`,
	Options: []linter.Option{
		{Name: "label", Default: "^[a-z][a-z0-9_]*$", Text: "pattern of every label", Check: isPattern},
		{Name: "name", Default: "", Text: "pattern of the name argument; empty for any", Check: isPattern},
		{Name: "names", Default: map[string]string{}, Text: "pattern of the name argument by resource type", Check: isPattern},
		{Name: "repeat_type", Default: false, Text: "allow labels that repeat their resource type"},
	},
	Run: resourceNaming,
}

// isPattern checks a pattern, or every pattern of a map.
func isPattern(v any) error {
	switch v := v.(type) {
	case string:
		_, err := regexp.Compile(v)
		return err
	case map[string]string:
		for k, s := range v {
			if _, err := regexp.Compile(s); err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
		}
	}
	return nil
}

func resourceNaming(p *linter.Pass) {
	if p.Resource != nil {
		resourceName(p)
		return
	}
	src := p.Module.Source
	label := match.Regexp(p.Text("label"))
	check := func(at value.Locator, kind, name string) {
		if !label.MatchString(name) {
			p.Report(at, "%s %q does not match %s", kind, name, label)
		}
	}
	for _, r := range src.Resources {
		at := value.At(module.HeaderRange(r.Block))
		check(at, r.Address()+" label", r.Name)
		if !p.Bool("repeat_type") && repeats(r.Type, r.Name) {
			p.Report(at, "%s repeats its type in its label; name what it is for, or this if there is one", r.Address())
		}
	}
	for _, c := range src.Calls {
		check(value.At(module.HeaderRange(c.Block)), "module", c.Name)
	}
	for _, n := range slices.Sorted(maps.Keys(src.Variables)) {
		check(value.At(module.HeaderRange(src.Variables[n].Block)), "variable", n)
	}
	for _, n := range slices.Sorted(maps.Keys(src.Outputs)) {
		check(value.At(module.HeaderRange(src.Outputs[n].Block)), "output", n)
	}
	for _, n := range slices.Sorted(maps.Keys(src.Locals)) {
		check(value.At(src.Locals[n].NameRange), "local", n)
	}
}

// repeats reports a label that is its type, without the provider's prefix: aws_s3_bucket.s3_bucket.
func repeats(typ, name string) bool {
	for i := 0; i < len(typ); i++ {
		if typ[i] == '_' {
			return typ == name || typ[i+1:] == name
		}
	}
	return typ == name
}

func resourceName(p *linter.Pass) {
	pattern := p.Text("name")
	if s, ok := p.Map("names")[p.Resource.Type]; ok {
		pattern = s
	}
	if pattern == "" {
		return
	}
	name := p.Resource.Attr("name")
	if text, ok := name.Str(); ok && !match.Regexp(pattern).MatchString(text) {
		p.Report(p.Resource.AttrRange("name"), "%s is named %q, which does not match %s", p.Resource.Address(), text, pattern)
	}
}
