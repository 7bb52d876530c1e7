package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/terraform-linters/tflint-plugin-sdk/tflint"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
)

// rule is one of our rules as tflint sees it.
type rule struct {
	tflint.DefaultRule
	of *linter.Rule
}

// Name is the same as in titanicml-lint.
func (r *rule) Name() string { return r.of.Name }

// Enabled is the rule's default; our own configuration is applied on top of tflint's.
func (r *rule) Enabled() bool { return !r.of.Disabled }

// Link is the rule's page.
func (r *rule) Link() string { return report.Link + r.of.Name + ".md" }

// Severity is the rule's default, since tflint takes none from a finding.
func (r *rule) Severity() tflint.Severity {
	switch r.of.Severity {
	case linter.Error:
		return tflint.ERROR
	case linter.Warning:
		return tflint.WARNING
	}
	return tflint.NOTICE
}

// Check emits the rule's findings. tflint asks again for every module that the root module calls; their findings are in the
// root module's run already, with the values of the calls.
func (r *rule) Check(host tflint.Runner) error {
	if path, err := host.GetModulePath(); err != nil || !path.IsRoot() {
		return err
	}
	lint, ok := host.(*runner)
	if !ok {
		lint = &runner{Runner: host, enabled: []string{r.Name()}}
	}
	findings, err := lint.findings()
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Rule.Name == r.Name() {
			if err := lint.emit(r, f); err != nil {
				return fmt.Errorf("emit issue of %s: %w", r.Name(), err)
			}
		}
	}
	return nil
}

// emit places a finding where tflint can show it: in the root module's files, else at the call that leads there.
func (l *runner) emit(r *rule, f *linter.Finding) error {
	at, message := f.Range, f.Message
	if l.files[at.Filename] == nil {
		message = fmt.Sprintf("%s (%s:%d)", message, at.Filename, at.Start.Line)
		at = l.first()
		if n := len(f.Callers); n > 0 && l.files[f.Callers[n-1].Filename] != nil {
			at = f.Callers[n-1]
		}
	}
	if len(f.Fix) == 0 || slices.ContainsFunc(f.Fix, func(e linter.Edit) bool { return l.files[e.Range.Filename] == nil }) {
		return l.EmitIssue(r, message, at)
	}
	return l.EmitIssueWithFix(r, message, at, func(fixer tflint.Fixer) error {
		for _, e := range f.Fix {
			if strings.HasSuffix(e.Range.Filename, ".json") {
				return tflint.ErrFixNotSupported
			}
			var err error
			if e.Range.Empty() {
				err = fixer.InsertTextBefore(e.Range, e.Text)
			} else {
				err = fixer.ReplaceText(e.Range, e.Text)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// first is the start of the root module's first file.
func (l *runner) first() hcl.Range {
	names := make([]string, 0, len(l.files))
	for name := range l.files {
		names = append(names, name)
	}
	if len(names) == 0 {
		return hcl.Range{}
	}
	return hcl.Range{Filename: slices.Min(names), Start: hcl.InitialPos, End: hcl.InitialPos}
}
