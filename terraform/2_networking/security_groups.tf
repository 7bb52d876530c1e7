resource "aws_security_group" "endpoints" {
  name        = "${local.name}-endpoints"
  description = "Interface endpoints: HTTPS from workloads"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-endpoints" }
}

resource "aws_security_group" "workload" {
  # checkov:skip=CKV2_AWS_5:stages 3 to 5 attach it
  name        = "${local.name}-workload"
  description = "Training, processing and ETL: HTTPS to endpoints and S3, and among the nodes of one job"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-workload" }
}

resource "aws_vpc_security_group_egress_rule" "workload_endpoints" {
  description                  = "AWS services through interface endpoints"
  from_port                    = 443
  ip_protocol                  = "tcp"
  referenced_security_group_id = aws_security_group.endpoints.id
  security_group_id            = aws_security_group.workload.id
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "workload_s3" {
  description       = "S3 through the gateway endpoint"
  from_port         = 443
  ip_protocol       = "tcp"
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  security_group_id = aws_security_group.workload.id
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "workload_self" {
  description                  = "Between the nodes of one job"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.workload.id
  security_group_id            = aws_security_group.workload.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  description                  = "HTTPS from workloads"
  from_port                    = 443
  ip_protocol                  = "tcp"
  referenced_security_group_id = aws_security_group.workload.id
  security_group_id            = aws_security_group.endpoints.id
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "workload_self" {
  description                  = "Between the nodes of one job"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.workload.id
  security_group_id            = aws_security_group.workload.id
}
