resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "${local.name}-overview"
  dashboard_body = jsonencode({
    start          = "-P7D"
    periodOverride = "inherit"
    widgets = concat(
      [{
        type       = "text"
        x          = 0
        y          = 0
        width      = 24
        height     = 2
        properties = { markdown = "# Titanic, ${var.env}\nStages, pipeline, endpoint, functions, costs. Runbooks: docs/runbooks. Release check: the alarm ${local.name}-release-health is OK." }
      }],
      [for index, widget in local.widgets : {
        type   = "metric"
        x      = (index % 3) * 8
        y      = 2 + floor(index / 3) * 6
        width  = 8
        height = 6
        properties = {
          metrics = widget.metrics
          period  = widget.period
          region  = local.region
          stacked = false
          stat    = widget.stat
          title   = widget.title
          view    = "timeSeries"
        }
      }],
      [{
        type   = "alarm"
        x      = 0
        y      = 2 + ceil(length(local.widgets) / 3) * 6
        width  = 24
        height = 4
        properties = {
          title  = "Alarms"
          alarms = [for name in concat(local.alarm_names, ["${local.name}-release-health"]) : "arn:aws:cloudwatch:${local.region}:${local.account_id}:alarm:${name}"]
        }
      }],
    )
  })
}

locals {
  pipeline_namespace = "AWS/Sagemaker/ModelBuildingPipeline"

  stages = ["1_foundation", "2_networking", "3_data", "4_ml_training", "5_serving", "6_orchestration", "7_observability_cost"]

  widgets = [
    {
      title   = "Terraform stages: applied"
      metrics = [for stage in local.stages : ["Titanic/Stages", "Succeeded", "Environment", var.env, "Stage", stage]]
      period  = 86400
      stat    = "Sum"
    },
    {
      title   = "Terraform stages: failed"
      metrics = [for stage in local.stages : ["Titanic/Stages", "Failed", "Environment", var.env, "Stage", stage]]
      period  = 86400
      stat    = "Sum"
    },
    {
      title   = "Terraform stages: seconds"
      metrics = [for stage in local.stages : ["Titanic/Stages", "Duration", "Environment", var.env, "Stage", stage]]
      period  = 86400
      stat    = "Maximum"
    },
    {
      title   = "Pipeline steps: succeeded"
      metrics = [for step in local.pipeline_steps : [local.pipeline_namespace, "StepSucceeded", "PipelineName", local.pipeline_name, "StepName", step]]
      period  = 86400
      stat    = "Sum"
    },
    {
      title   = "Pipeline steps: failed"
      metrics = [for step in local.pipeline_steps : [local.pipeline_namespace, "StepFailed", "PipelineName", local.pipeline_name, "StepName", step]]
      period  = 86400
      stat    = "Sum"
    },
    {
      title   = "Pipeline steps: duration"
      metrics = [for step in local.pipeline_steps : [local.pipeline_namespace, "StepDuration", "PipelineName", local.pipeline_name, "StepName", step]]
      period  = 86400
      stat    = "Maximum"
    },
    {
      title = "State machine"
      metrics = [
        for metric in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"] :
        ["AWS/States", metric, "StateMachineArn", local.state_machine_arn]
      ]
      period = 86400
      stat   = "Sum"
    },
    {
      title   = "State machine: milliseconds"
      metrics = [["AWS/States", "ExecutionTime", "StateMachineArn", local.state_machine_arn]]
      period  = 86400
      stat    = "Maximum"
    },
    {
      title   = "Endpoint: latency in microseconds, p95"
      metrics = [for metric in ["ModelLatency", "OverheadLatency"] : ["AWS/SageMaker", metric, "EndpointName", local.endpoint_name, "VariantName", local.endpoint_variant]]
      period  = 300
      stat    = "p95"
    },
    {
      title   = "Endpoint: invocations"
      metrics = [for metric in ["Invocations", "InvocationsPerInstance"] : ["AWS/SageMaker", metric, "EndpointName", local.endpoint_name, "VariantName", local.endpoint_variant]]
      period  = 300
      stat    = "Sum"
    },
    {
      title   = "Endpoint: errors"
      metrics = [for metric in ["Invocation4XXErrors", "Invocation5XXErrors"] : ["AWS/SageMaker", metric, "EndpointName", local.endpoint_name, "VariantName", local.endpoint_variant]]
      period  = 300
      stat    = "Sum"
    },
    {
      title   = "Functions: errors"
      metrics = [for name in local.all_functions : ["AWS/Lambda", "Errors", "FunctionName", name]]
      period  = 3600
      stat    = "Sum"
    },
    {
      title   = "ETL: tasks"
      metrics = [["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", "${local.name}-etl"]]
      period  = 3600
      stat    = "Maximum"
    },
    {
      title   = "Undelivered events"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.dead_letter_queue]]
      period  = 3600
      stat    = "Maximum"
    },
    {
      title   = "Resources without tags"
      metrics = [["Titanic/Governance", "OrphanResources", "Environment", var.env]]
      period  = 86400
      stat    = "Maximum"
    },
  ]
}
