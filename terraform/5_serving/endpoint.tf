resource "titanicml_endpoint" "survival" {
  name     = local.endpoint
  role_arn = local.sagemaker_role_arn
  rollout  = local.rollout
  serving  = titanicml_promotion.survival.serving

  instance   = var.instance_type == null ? null : { count = var.capacity.min, type = var.instance_type }
  serverless = var.instance_type == null ? { max_concurrency = 5, memory_mb = 2048 } : null

  # Serverless endpoints run outside the VPC and have no volumes of their own.
  enable_network_isolation = var.instance_type == null ? null : true
  kms_key_arn              = var.instance_type == null ? null : local.data_key_arn
  vpc_config = var.instance_type == null ? null : {
    security_group_ids = [local.workload_security_group_id]
    subnets            = local.subnet_ids
  }

  smoke_test = {
    accept       = "application/json"
    content_type = "text/csv"
    json_path    = "predictions[0].score"
    max          = 1
    min          = 0
    payload      = "3,male,22,1,0"
  }

  # The log group has to be there before SageMaker makes one without retention, and
  # the alarms before a rollout can be watched by them.
  depends_on = [
    aws_cloudwatch_log_group.endpoint,
    aws_cloudwatch_metric_alarm.errors,
    aws_cloudwatch_metric_alarm.latency,
  ]
}

locals {
  # In prod a tenth of the traffic goes first and the alarms decide; in dev all at once.
  rollout = var.env != "prod" ? null : {
    alarms           = [aws_cloudwatch_metric_alarm.errors.alarm_name, aws_cloudwatch_metric_alarm.latency.alarm_name]
    bake             = "5m"
    max_execution    = "1h"
    size             = 10
    strategy         = "canary"
    termination_wait = "5m"
  }
}
