# Written last: the ledger says that this stage was applied, from which sources. It
# is refused until stage 4 was applied from the sources beside this one.

resource "titanicml_stage" "this" {
  name       = "serving"
  number     = 5
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/04-serving-ecs-sagemaker.md"
  ledger     = "${local.store}/stages/${var.env}"
  source_dir = path.module

  outputs = {
    champion      = titanicml_promotion.survival.serving
    endpoint_name = local.endpoint
  }

  depends_on = [
    aws_appautoscaling_policy.invocations,
    aws_appautoscaling_target.endpoint,
    aws_cloudwatch_log_group.endpoint,
    aws_cloudwatch_metric_alarm.errors,
    aws_cloudwatch_metric_alarm.latency,
    aws_iam_role.approver,
    aws_iam_role.endpoint_invoker,
    aws_iam_role_policy.approver,
    aws_iam_role_policy.endpoint_invoker,
    titanicml_endpoint.survival,
    titanicml_evaluation.candidate,
    titanicml_promotion.survival,
  ]
}
