# SageMaker watches these while traffic moves and takes a rollout back when one
# rings. Stage 7 has the ones that call people.

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.endpoint}-rollout-errors"
  alarm_description   = "The endpoint answered 5xx; a rollout in progress is taken back"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  dimensions          = { EndpointName = local.endpoint, VariantName = local.variant }
  evaluation_periods  = 1
  metric_name         = "Invocation5XXErrors"
  namespace           = "AWS/SageMaker"
  period              = 60
  statistic           = "Sum"
  threshold           = 1
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.endpoint}-rollout-latency"
  alarm_description   = "The model's p95 latency is above ${var.latency_limit_ms} ms; a rollout in progress is taken back"
  comparison_operator = "GreaterThanThreshold"
  dimensions          = { EndpointName = local.endpoint, VariantName = local.variant }
  evaluation_periods  = 3
  extended_statistic  = "p95"
  metric_name         = "ModelLatency"
  namespace           = "AWS/SageMaker"
  period              = 60
  # ModelLatency is measured in microseconds.
  threshold          = var.latency_limit_ms * 1000
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_log_group" "endpoint" {
  name              = "/aws/sagemaker/Endpoints/${local.endpoint}"
  kms_key_id        = local.logs_key_arn
  retention_in_days = var.log_retention_days
}

locals {
  endpoint = "${local.name}-survival"
  variant  = "champion"
}
