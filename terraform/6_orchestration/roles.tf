module "events_role" {
  source = "../modules/role"

  name           = "${local.name}-events"
  boundary_arn   = local.boundary_arn
  description    = "Starts a run when a delivery arrives"
  policies       = { start = data.aws_iam_policy_document.start_retrain.json }
  service        = "events.amazonaws.com"
  source_account = local.account_id
}

module "scheduler_role" {
  source = "../modules/role"

  name           = "${local.name}-scheduler"
  boundary_arn   = local.boundary_arn
  description    = "Runs the schedules of ${var.env}"
  policies       = { run = data.aws_iam_policy_document.scheduler.json }
  service        = "scheduler.amazonaws.com"
  source_account = local.account_id
}

module "states_role" {
  source = "../modules/role"

  name         = "${local.name}-states"
  boundary_arn = local.boundary_arn
  description  = "Runs the state machine ${local.state_machine}"
  policies = {
    logs = data.aws_iam_policy_document.states_logs.json
    run  = data.aws_iam_policy_document.states.json
  }
  service        = "states.amazonaws.com"
  source_account = local.account_id
}

data "aws_iam_policy_document" "scheduler" {
  source_policy_documents = [data.aws_iam_policy_document.start_retrain.json]

  statement {
    sid       = "KeepUndelivered"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]
  }

  statement {
    sid       = "UseQueueKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.logs_key_arn]
  }

  dynamic "statement" {
    for_each = local.suspends ? [1] : []
    content {
      sid       = "Resume"
      actions   = ["lambda:InvokeFunction"]
      resources = ["${local.function_arn}-dispatch"]
    }
  }

  dynamic "statement" {
    for_each = local.suspends ? [1] : []
    content {
      sid       = "Suspend"
      actions   = ["sagemaker:DeleteEndpoint"]
      resources = ["arn:aws:sagemaker:${local.region}:${local.account_id}:endpoint/${local.endpoint_name}"]
    }
  }
}

data "aws_iam_policy_document" "start_retrain" {
  statement {
    sid       = "StartRetrain"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }
}

data "aws_iam_policy_document" "states" {
  statement {
    sid       = "RunLanding"
    actions   = ["ecs:RunTask"]
    resources = ["arn:aws:ecs:${local.region}:${local.account_id}:task-definition/${local.etl_task_definition}:*"]

    condition {
      test     = "ArnEquals"
      values   = [local.etl_cluster_arn]
      variable = "ecs:cluster"
    }
  }

  statement {
    sid       = "WatchLanding"
    actions   = ["ecs:DescribeTasks", "ecs:StopTask", "ecs:TagResource"]
    resources = ["arn:aws:ecs:${local.region}:${local.account_id}:task/${local.name}-etl/*"]
  }

  # Step Functions hears through this rule of its own that a task has ended.
  statement {
    sid       = "HearOfTasks"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["arn:aws:events:${local.region}:${local.account_id}:rule/StepFunctionsGetEventsForECSTaskRule"]
  }

  statement {
    sid       = "PassTaskRoles"
    actions   = ["iam:PassRole"]
    resources = [for role in ["etl-execution", "etl-task"] : "arn:aws:iam::${local.account_id}:role/${local.name}-${role}"]

    condition {
      test     = "StringEquals"
      values   = ["ecs-tasks.amazonaws.com"]
      variable = "iam:PassedToService"
    }
  }

  statement {
    sid       = "CallFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = [for function in ["candidate", "dispatch", "validate"] : "${local.function_arn}-${function}"]
  }

  statement {
    sid     = "RunPipeline"
    actions = ["sagemaker:DescribePipelineExecution", "sagemaker:StartPipelineExecution"]
    resources = [
      "arn:aws:sagemaker:${local.region}:${local.account_id}:pipeline/${local.pipeline_name}",
      "arn:aws:sagemaker:${local.region}:${local.account_id}:pipeline/${local.pipeline_name}/execution/*",
    ]
  }

  statement {
    sid       = "Tell"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
  }

  statement {
    sid       = "EncryptNotifications"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.logs_key_arn]
  }
}

data "aws_iam_policy_document" "states_logs" {
  statement {
    sid = "DeliverLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}
