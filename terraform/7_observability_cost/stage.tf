# Written last: the ledger says that this stage was applied, from which sources. It
# is refused until stage 6 was applied from the sources beside this one.

resource "titanicml_stage" "this" {
  name       = "observability_cost"
  number     = 7
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/06-observability-operations.md"
  ledger     = "${local.store}/stages/${var.env}"
  source_dir = path.module

  outputs = {
    dashboard_name     = aws_cloudwatch_dashboard.main.dashboard_name
    release_alarm_name = aws_cloudwatch_composite_alarm.release.alarm_name
  }

  depends_on = [
    aws_budgets_budget.monthly,
    aws_ce_anomaly_monitor.project,
    aws_ce_anomaly_subscription.alerts,
    aws_cloudwatch_composite_alarm.release,
    aws_cloudwatch_dashboard.main,
    aws_cloudwatch_event_rule.orphans,
    aws_cloudwatch_event_target.orphans,
    aws_cloudwatch_log_group.operations,
    aws_cloudwatch_metric_alarm.main,
    aws_lambda_permission.orphans,
    aws_sns_topic.alerts,
    aws_sns_topic_policy.alerts,
    aws_sns_topic_subscription.people,
    module.orphans,
  ]
}
