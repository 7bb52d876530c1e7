# Written last: the ledger says that this stage was applied, from which sources. It
# is refused until stage 5 was applied from the sources beside this one.

resource "titanicml_stage" "this" {
  name       = "orchestration"
  number     = 6
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/03-sagemaker-pipeline.md"
  ledger     = "${local.store}/stages/${var.env}"
  source_dir = path.module

  outputs = {
    state_machine_arn    = aws_sfn_state_machine.retrain.arn
    training_failed_rule = aws_cloudwatch_event_rule.failures["training-failed"].name
  }

  depends_on = [
    aws_cloudwatch_event_rule.approved,
    aws_cloudwatch_event_rule.delivered,
    aws_cloudwatch_event_rule.failures,
    aws_cloudwatch_event_target.approved,
    aws_cloudwatch_event_target.delivered,
    aws_cloudwatch_event_target.failures,
    aws_cloudwatch_log_group.state_machine,
    aws_lambda_permission.approved,
    aws_scheduler_schedule.resume,
    aws_scheduler_schedule.retrain,
    aws_scheduler_schedule.suspend,
    aws_scheduler_schedule_group.main,
    aws_secretsmanager_secret.github_token,
    aws_sfn_state_machine.retrain,
    aws_sns_topic.pipeline,
    aws_sns_topic_policy.pipeline,
    aws_sns_topic_subscription.people,
    aws_sqs_queue.dead_letters,
    aws_sqs_queue_policy.dead_letters,
    module.candidate,
    module.dispatch,
    module.events_role,
    module.scheduler_role,
    module.states_role,
    module.validate,
  ]
}
