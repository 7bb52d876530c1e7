# Written last: the ledger says that this stage was applied, from which sources. It
# is refused until stage 1 was applied from the sources beside this one.

resource "titanicml_stage" "this" {
  name       = "networking"
  number     = 2
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/00-foundations.md"
  ledger     = "${local.store}/stages/${var.env}"
  source_dir = path.module

  outputs = {
    subnet_ids                 = [for zone in local.zones : aws_subnet.private[zone].id]
    vpc_id                     = aws_vpc.main.id
    workload_security_group_id = aws_security_group.workload.id
  }

  depends_on = [
    aws_cloudwatch_log_group.flow_logs,
    aws_default_security_group.closed,
    aws_flow_log.main,
    aws_route_table.private,
    aws_route_table_association.private,
    aws_security_group.endpoints,
    aws_security_group.workload,
    aws_subnet.private,
    aws_vpc.main,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.workload_endpoints,
    aws_vpc_security_group_egress_rule.workload_s3,
    aws_vpc_security_group_egress_rule.workload_self,
    aws_vpc_security_group_ingress_rule.endpoints,
    aws_vpc_security_group_ingress_rule.workload_self,
    module.flow_logs_role,
  ]
}
