package rules

import (
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// DefaultTags wants providers to tag what nobody remembered to tag.
var DefaultTags = &linter.Rule{
	Name:     "default_tags",
	Title:    "provider configurations should set default_tags",
	Severity: linter.Warning,
	Since:    "0.1.0",
	Scope:    linter.PerModule,
	Text: `Tags written once in the provider reach every resource, also those that a module creates and those added tomorrow. Every
` + "`provider \"aws\"`" + ` block, each alias by itself, sets ` + "`default_tags`" + ` with the keys in ` + "`tags`" + `; so does ` + "`provider \"titanicml\"`" + `.
Keys that may come from an unknown value are not missing.`,
	Options: []linter.Option{
		{Name: "tags", Default: defaultTagKeys, Text: "keys that default_tags must hold"},
		{Name: "providers", Default: []string{"aws", "titanicml"}, Text: "providers that are examined"},
	},
	Run: defaultTags,
}

func defaultTags(p *linter.Pass) {
	for _, pr := range p.Module.Providers() {
		if !slices.Contains(p.Strings("providers"), pr.Name) {
			continue
		}
		name := "provider " + pr.Name
		if pr.Alias != "" {
			name += "." + pr.Alias
		}
		tags := pr.Attr("default_tags")
		at := value.Locator(pr.AttrRange("default_tags"))
		if b := pr.Block("default_tags"); b != nil && (tags.Kind() == value.Absent || pr.Name == "aws") { // a block, which JSON writes as an object
			tags, at = b.Attr("tags"), b
		}
		if !tags.IsSet() {
			p.Report(at, "%s sets no default_tags: a resource without tags of its own has none; add %s", name, strings.Join(p.Strings("tags"), ", "))
			continue
		}
		var lack []string
		for _, k := range p.Strings("tags") {
			if !tags.Get(k).IsSet() {
				lack = append(lack, k)
			}
		}
		if len(lack) > 0 {
			p.Report(at, "%s default_tags lacks %s", name, strings.Join(lack, ", "))
		}
	}
}
