resource "aws_vpc" "main" { # want "module.untagged.aws_vpc.main lacks the tags project, env, owner, managed_by, cost_center"
  cidr_block = "10.0.0.0/16"
}
