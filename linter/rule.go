package linter

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// Scope says what one run of a rule looks at. A rule with several scopes is run for each; the Pass field that is set tells which.
type Scope uint8

const (
	// PerResource runs once for every resource instance whose type matches Rule.Types, in called modules too (Pass.Resource).
	PerResource Scope = 1 << iota
	// PerModule runs once for every distinct module instance, the root module included (Pass.Module).
	PerModule
	// PerRoot runs once for a root module with all it calls (Pass.Root). Facts for PerTree are kept here.
	PerRoot
	// PerTree runs once at the end over all root modules (Pass.Tree), with the facts that the rule kept.
	PerTree
)

// Rule is one check. A rule is a package variable holding this literal; rules/rules.go lists them all.
// The metadata is the only source of `titanicml-lint rules`, the SARIF help and docs/rules.
type Rule struct {
	// Name is the file, testdata folder, docs page, config block and ignore comment.
	Name string
	// Title is one line, lower case, without a full stop; Text is Markdown: what is checked, why, and how to repair it.
	Title, Text string
	Severity    Severity
	// Since is the version that introduced the rule.
	Since string
	// Disabled rules run only when the configuration or a flag enables them.
	Disabled bool
	Scope    Scope
	// Types limits PerResource: resource types, or prefixes ending in "*"; with "data." before a data source's type.
	// Empty means every managed resource.
	Types []string
	// Documented rules take an ignore only with a doc that exists.
	Documented bool
	// Options are the settings that the rule's config block takes beside enabled and severity.
	Options []Option
	// Run is nil for the rules about ignores, which the linter itself applies. It reports findings through the pass; it must not keep the pass, read the clock or touch the file system
	// other than through Pass.Tree. Several goroutines may run it at once, each on its own root module.
	Run func(*Pass)
}

// Option is a setting of a rule in the configuration file.
type Option struct {
	Name string
	// Default fixes the type too: bool, int, float64, string, []string, map[string]string or map[string][]string.
	Default any
	// Text says what it does, for the docs page.
	Text string
	// Check refuses values of the right type that make no sense, such as a malformed pattern; nil accepts all.
	Check func(any) error
}

// Pass is what a rule gets to see in one run.
type Pass struct {
	Rule *Rule
	// Root is set in every scope but PerTree.
	Root *eval.Root
	// Module is set in PerModule (the instance) and PerResource (the resource's module).
	Module *eval.Module
	// Resource is set in PerResource.
	Resource *eval.Resource
	// Tree gives the files and roots of the whole run, and the base revision. It is set in every scope; its Facts only in PerTree.
	Tree *Tree

	settings *settings
	findings *[]*Finding
	facts    *[]Fact
}

// Report adds a finding at a place: a value, a body, a resource or value.At(range). The message names the address and value
// first, then the consequence or the fix; lower case, no full stop. Set further fields on the result.
func (p *Pass) Report(at value.Locator, format string, args ...any) *Finding {
	f := &Finding{Rule: p.Rule, Severity: p.settings.severity, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		f.Range = at.Range()
	}
	if p.Resource != nil {
		f.Address = p.Resource.Address()
		if f.Range.Filename == "" {
			f.Range = p.Resource.Range()
		}
	}
	if m := p.Module; m != nil {
		f.Callers = m.Callers()
	}
	if f.Range.Filename == "" && p.Root != nil {
		f.Range = hcl.Range{Filename: p.Root.Dir, Start: hcl.InitialPos, End: hcl.InitialPos}
	}
	*p.findings = append(*p.findings, f)
	return f
}

// ReportOn is Report for a resource other than the pass's own, as PerRoot rules need it.
func (p *Pass) ReportOn(r *eval.Resource, at value.Locator, format string, args ...any) *Finding {
	if at == nil || at.Range().Filename == "" {
		at = r
	}
	f := p.Report(at, format, args...)
	f.Address, f.Callers = r.Address(), r.Module.Callers()
	return f
}

// Within returns the place at when it lies in the files of the pass's module, and otherwise the second place: a value may
// have been written by the caller of a module, but findings stand at the resource.
func (p *Pass) Within(at, otherwise value.Locator) value.Locator {
	if p.Module != nil && p.Module.Source != nil && at != nil && p.Module.Source.File(at.Range().Filename) != nil {
		return at
	}
	return otherwise
}

// Keep stores a fact of this root module for the rule's PerTree run. A fact must be small and must not hold the root,
// whose memory is released after its run; keep strings and ranges.
func (p *Pass) Keep(value any) {
	*p.facts = append(*p.facts, Fact{Root: p.Root.Dir, Value: value})
}

// Fact is what a rule kept of one root module.
type Fact struct {
	Root  string
	Value any
}

// Bool returns an option's setting or its default. Like Int, Float, Text, Strings, Map and Lists it panics on a name or type
// that Rule.Options does not have, which every test of the rule finds.
func (p *Pass) Bool(name string) bool { return p.settings.option(p.Rule, name).(bool) }

// Int returns an option of type int.
func (p *Pass) Int(name string) int { return p.settings.option(p.Rule, name).(int) }

// Float returns an option of type float64.
func (p *Pass) Float(name string) float64 { return p.settings.option(p.Rule, name).(float64) }

// Text returns an option of type string.
func (p *Pass) Text(name string) string { return p.settings.option(p.Rule, name).(string) }

// Strings returns an option of type []string.
func (p *Pass) Strings(name string) []string { return p.settings.option(p.Rule, name).([]string) }

// Map returns an option of type map[string]string.
func (p *Pass) Map(name string) map[string]string {
	return p.settings.option(p.Rule, name).(map[string]string)
}

// Lists returns an option of type map[string][]string.
func (p *Pass) Lists(name string) map[string][]string {
	return p.settings.option(p.Rule, name).(map[string][]string)
}
