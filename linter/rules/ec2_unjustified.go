package rules

import "github.com/titanicml/terraform-provider-titanicml/linter"

// EC2Unjustified reports EC2 instances without a documented need.
var EC2Unjustified = &linter.Rule{
	Name:       "ec2_unjustified",
	Title:      "EC2 needs a documented reason",
	Severity:   linter.Error,
	Documented: true,
	Since:      "0.1.0",
	Scope:      linter.PerResource,
	Types: []string{"aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_autoscaling_group", "aws_spot_instance_request",
		"aws_spot_fleet_request", "aws_ec2_fleet"},
	Text: `Servers have to be patched, sized and switched off by somebody. SageMaker, Fargate and Lambda do the work of this project without them, so
an instance, launch template, fleet or auto scaling group is a finding. Where one is really needed, an ignore comment gives the reason and
the document that records the decision.`,
	Run: func(p *linter.Pass) {
		p.Report(p.Resource, "%s runs EC2 instances; use SageMaker, Fargate or Lambda, or record the need in an ignore with reason and doc", p.Resource.Address())
	},
}
