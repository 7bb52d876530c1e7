package rules

import "github.com/titanicml/terraform-provider-titanicml/linter"

// IgnoreUnused is applied by the linter itself, which reads the comments: it has no Run.
var IgnoreUnused = &linter.Rule{
	Name:     "ignore_unused",
	Title:    "an ignore comment must match a finding",
	Severity: linter.Error,
	Since:    "0.1.0",
	Text: `An ignore comment that matches no finding is out of date: what it excused is gone, or it stands in the wrong place and excuses
nothing. Left behind, it would silence the next mistake without anybody deciding so. Remove it.

Rules that did not run, because of a flag or the configuration, leave their ignores alone.`,
}
