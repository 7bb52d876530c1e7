package rules

import "github.com/titanicml/terraform-provider-titanicml/linter"

// MissingBudget reports configurations that spend without a budget.
var MissingBudget = &linter.Rule{
	Name:     "missing_budget",
	Title:    "what costs by the hour needs a budget that tells somebody",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerRoot | linter.PerTree,
	Text: `A configuration with resources that cost money while they exist (endpoints, instances, databases, NAT gateways, ...) needs an
aws_budgets_budget with an amount and at least one notification that has a subscriber. The budget may stand in the same root
module or, for numbered stages, in any stage beside it. Resources of titanicml on the local engine cost nothing.`,
	Options: []linter.Option{
		{Name: "types", Default: hourly, Text: "Resource types that need a budget."},
	},
	Run: runMissingBudget,
}

func runMissingBudget(p *linter.Pass) {
	if p.Root == nil {
		conclude(p, "cost", func(v provided) bool { return v == "budget" }, func(n need) {
			reportNeed(p, n, "%s costs by the hour, and no aws_budgets_budget watches it; add one with an amount and a notification", n.address)
		})
		return
	}
	keepFirst(p, "cost", p.Strings("types"))
	for _, b := range p.Root.OfType("aws_budgets_budget") {
		if !b.Has("limit_amount") && !b.Has("planned_limit") && !b.Has("auto_adjust_data") {
			p.ReportOn(b, b, "%s has no amount; set limit_amount", b.Address())
		}
		if !notifies(b) {
			p.ReportOn(b, b, "%s notifies nobody; add a notification with a subscriber", b.Address())
		}
		p.Keep(provided("budget")) // one that lacks something has its own finding
	}
}
