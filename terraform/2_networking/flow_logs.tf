resource "aws_cloudwatch_log_group" "flow_logs" {
  name              = local.flow_log_group
  kms_key_id        = local.logs_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_flow_log" "main" {
  iam_role_arn             = module.flow_logs_role.arn
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  log_destination_type     = "cloud-watch-logs"
  max_aggregation_interval = 600
  traffic_type             = "ALL"
  vpc_id                   = aws_vpc.main.id

  tags = { Name = "${local.name}-main" }
}

module "flow_logs_role" {
  source = "../modules/role"

  name           = "${local.name}-flow-logs"
  boundary_arn   = local.boundary_arn
  description    = "Writes the VPC's flow logs"
  policies       = { write = data.aws_iam_policy_document.flow_logs.json }
  service        = "vpc-flow-logs.amazonaws.com"
  source_account = local.account_id
}

data "aws_iam_policy_document" "flow_logs" {
  statement {
    sid       = "WriteFlowLogs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${local.region}:${local.account_id}:log-group:${local.flow_log_group}:*"]
  }
}

locals {
  flow_log_group = "/titanic/${var.env}/flow-logs"
}
