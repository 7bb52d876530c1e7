# The alarms that call people. Each has a runbook of the same subject in docs/runbooks.

resource "aws_cloudwatch_composite_alarm" "release" {
  alarm_name        = "${local.name}-release-health"
  alarm_description = "Any alarm of ${var.env} rings: no release passes its check until this is OK again"
  alarm_rule        = join(" OR ", [for name in local.alarm_names : "ALARM(\"${name}\")"])

  depends_on = [aws_cloudwatch_metric_alarm.main]
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  actions_enabled     = true
  alarm_actions       = [aws_sns_topic.alerts.arn]
  alarm_description   = "${each.value.description}. Runbook: docs/runbooks/${each.value.runbook}.md"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  dimensions          = each.value.dimensions
  evaluation_periods  = each.value.periods
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  metric_name         = each.value.metric
  namespace           = each.value.namespace
  ok_actions          = [aws_sns_topic.alerts.arn]
  period              = each.value.period
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
}

locals {
  alarm_names = [for key in keys(local.alarms) : "${local.name}-${key}"]
  alarms      = merge(local.alarms_of_endpoint, local.alarms_of_functions, local.alarms_of_pipeline, local.alarms_of_governance)

  alarms_of_endpoint = {
    endpoint-5xx = {
      description = "The endpoint answered 5xx"
      dimensions  = local.endpoint_dimensions
      metric      = "Invocation5XXErrors"
      namespace   = "AWS/SageMaker"
      period      = 300
      periods     = 1
      runbook     = "endpoint-rolled-back"
      statistic   = "Sum"
      threshold   = 1
    }

    endpoint-latency = {
      description = "The model's p95 latency is at or above ${var.latency_limit_ms} ms"
      dimensions  = local.endpoint_dimensions
      metric      = "ModelLatency"
      namespace   = "AWS/SageMaker"
      period      = 300
      periods     = 3
      runbook     = "endpoint-rolled-back"
      statistic   = "p95"
      # Microseconds.
      threshold = var.latency_limit_ms * 1000
    }
  }

  alarms_of_functions = {
    for name in local.all_functions : "function-${trimprefix(name, "${local.name}-")}" => {
      description = "The function ${name} failed"
      dimensions  = { FunctionName = name }
      metric      = "Errors"
      namespace   = "AWS/Lambda"
      period      = 300
      periods     = 1
      runbook     = "training-failed"
      statistic   = "Sum"
      threshold   = 1
    }
  }

  alarms_of_governance = {
    orphans = {
      description = "Resources without the mandatory tags"
      dimensions  = { Environment = var.env }
      metric      = "OrphanResources"
      namespace   = "Titanic/Governance"
      period      = 86400
      periods     = 1
      runbook     = "budget-alarm"
      statistic   = "Maximum"
      threshold   = 1
    }

    undelivered = {
      description = "Events could not be delivered"
      dimensions  = { QueueName = local.dead_letter_queue }
      metric      = "ApproximateNumberOfMessagesVisible"
      namespace   = "AWS/SQS"
      period      = 300
      periods     = 1
      runbook     = "training-failed"
      statistic   = "Maximum"
      threshold   = 1
    }
  }

  alarms_of_pipeline = {
    retrain-failed = {
      description = "A run of the state machine failed"
      dimensions  = { StateMachineArn = local.state_machine_arn }
      metric      = "ExecutionsFailed"
      namespace   = "AWS/States"
      period      = 300
      periods     = 1
      runbook     = "training-failed"
      statistic   = "Sum"
      threshold   = 1
    }

    retrain-timed-out = {
      description = "A run of the state machine took longer than it may"
      dimensions  = { StateMachineArn = local.state_machine_arn }
      metric      = "ExecutionsTimedOut"
      namespace   = "AWS/States"
      period      = 300
      periods     = 1
      runbook     = "training-failed"
      statistic   = "Sum"
      threshold   = 1
    }

    training-failed = {
      description = "A training job failed"
      dimensions  = { RuleName = local.training_failed_rule }
      metric      = "TriggeredRules"
      namespace   = "AWS/Events"
      period      = 300
      periods     = 1
      runbook     = "training-failed"
      statistic   = "Sum"
      threshold   = 1
    }
  }

  all_functions       = concat(local.function_names, [local.seal_function_name, local.orphans_name])
  endpoint_dimensions = { EndpointName = local.endpoint_name, VariantName = local.endpoint_variant }
}
