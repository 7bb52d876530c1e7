package rules

import (
	"fmt"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// LogRetention wants every log group to end some day, but not before an incident can be examined.
var LogRetention = &linter.Rule{
	Name:     "log_retention",
	Title:    "log groups must set a retention within bounds",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerResource,
	Types:    []string{"aws_cloudwatch_log_group"},
	Text: `A log group without ` + "`retention_in_days`" + ` keeps its events forever: the cost only grows and personal data outlives its purpose.
Zero means the same. Below ` + "`min_days`" + ` an incident is often found when its traces are gone.`,
	Options: []linter.Option{
		{Name: "min_days", Default: 7, Text: "fewest days"},
		{Name: "max_days", Default: 400, Text: "most days"},
	},
	Run: logRetention,
}

func logRetention(p *linter.Pass) {
	r := p.Resource
	least, most := p.Int("min_days"), p.Int("max_days")
	for _, verdict := range verdicts(r.Attr("retention_in_days"), func(v value.Value) string {
		days, known := v.Int()
		switch {
		case v.Kind() == value.Absent || v.Kind() == value.Null || known && days == 0:
			return "forever"
		case known && (days < least || days > most):
			if days == 1 {
				return "for 1 day"
			}
			return fmt.Sprintf("for %d days", days)
		}
		return ""
	}) {
		p.Report(r.AttrRange("retention_in_days"), "%s keeps its events %s; set retention_in_days between %d and %d", r.Address(), verdict, least, most)
	}
}
