package rules

import (
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// IAMSharedRole reports roles that several workload services assume.
var IAMSharedRole = &linter.Rule{
	Name:       "iam_shared_role",
	Title:      "one role must serve one workload service",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource,
	Types:      []string{"aws_iam_role"},
	Text: `A role that several services may assume has the sum of what all of them need, so each gets the rights of the others, and CloudTrail
cannot tell them apart. Give each workload (training, functions, tasks, state machines, schedules) its own role.

Services that run the same workload count as one: lambda and edgelambda, ecs and ecs-tasks, events, scheduler and pipes.`,
	Run: runSharedRole,
}

func runSharedRole(p *linter.Pass) {
	for _, pol := range policies.In(p.Root, p.Resource) {
		if pol.Kind != iam.Trust {
			continue
		}
		if services := pol.Doc.WorkloadServices(); len(services) > 1 {
			p.Report(p.Resource.AttrRange("assume_role_policy"), "%s can be assumed by %s; give each service its own role", p.Resource.Address(), strings.Join(services, " and "))
		}
	}
}
