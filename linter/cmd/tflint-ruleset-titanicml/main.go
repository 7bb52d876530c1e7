// Tflint-ruleset-titanicml serves the rules of titanicml-lint to tflint. Input: the root module that tflint inspects, and the
// files beside it. Output: issues under the same rule names. Settings come from .titanicml-lint.hcl; tflint's configuration
// decides which rules run.
package main

import (
	"github.com/terraform-linters/tflint-plugin-sdk/plugin"
	"github.com/terraform-linters/tflint-plugin-sdk/tflint"

	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

// version is set by the linker; tflint wants a semantic version.
var version = "0.1.0"

func main() { plugin.Serve(&plugin.ServeOpts{RuleSet: newRuleSet()}) }

// ruleSet makes one linter run serve all its rules: each takes its own findings of it.
type ruleSet struct{ tflint.BuiltinRuleSet }

func newRuleSet() *ruleSet {
	set := &ruleSet{tflint.BuiltinRuleSet{Name: "titanicml", Version: version, Constraint: ">= 0.46.0"}}
	for _, r := range rules.All() {
		set.Rules = append(set.Rules, &rule{of: r})
	}
	return set
}

// NewRunner gives the rules a runner that lints once.
func (s *ruleSet) NewRunner(r tflint.Runner) (tflint.Runner, error) {
	enabled := make([]string, len(s.EnabledRules))
	for i, r := range s.EnabledRules {
		enabled[i] = r.Name()
	}
	return &runner{Runner: r, enabled: enabled}, nil
}
