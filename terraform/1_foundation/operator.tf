# The person who runs the pipeline. Separate from every role that runs the workload:
# starts workflows, reads logs, metrics and states, assumes the environment's roles.

resource "aws_iam_role" "operator" {
  name                 = "${local.name}-operator"
  assume_role_policy   = data.aws_iam_policy_document.operator_trust.json
  description          = "Data science operator of ${var.env}"
  max_session_duration = 14400
}

resource "aws_iam_role_policy" "operator" {
  name   = "operate"
  policy = data.aws_iam_policy_document.operator.json
  role   = aws_iam_role.operator.id
}

data "aws_iam_policy_document" "operator" {
  statement {
    sid       = "AssumeEnvironmentRoles"
    actions   = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    resources = [for role in ["approver", "endpoint-invoker", "plan"] : "${local.arn.iam}:role/${local.name}-${role}"]
  }

  statement {
    sid = "ReadLogs"
    actions = [
      "logs:DescribeLogStreams",
      "logs:FilterLogEvents",
      "logs:GetLogEvents",
      "logs:GetQueryResults",
      "logs:StartQuery",
    ]
    resources = [
      "${local.arn.logs}:log-group:/aws/ecs/${local.name}-*",
      "${local.arn.logs}:log-group:/aws/lambda/${local.name}-*",
      "${local.arn.logs}:log-group:/aws/sagemaker/*",
      "${local.arn.logs}:log-group:/aws/states/${local.name}-*",
      "${local.arn.logs}:log-group:/titanic/${var.env}/*",
    ]
  }

  statement {
    sid       = "ReadEncryptedLogs"
    actions   = ["kms:Decrypt"]
    resources = [module.logs_key.arn]

    condition {
      test     = "StringEquals"
      values   = ["logs.${local.region}.amazonaws.com"]
      variable = "kms:ViaService"
    }
  }

  statement {
    sid = "ReadStateOfNamedResources"
    actions = [
      "ecs:DescribeClusters",
      "ecs:DescribeTasks",
      "sagemaker:DescribeEndpoint",
      "sagemaker:DescribeModelPackage",
      "sagemaker:DescribeModelPackageGroup",
      "sagemaker:DescribePipeline",
      "sagemaker:DescribePipelineExecution",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:ListPipelineExecutionSteps",
      "sagemaker:ListPipelineExecutions",
      "states:DescribeExecution",
      "states:DescribeStateMachine",
      "states:GetExecutionHistory",
      "states:ListExecutions",
    ]
    resources = [
      "${local.arn.ecs}:cluster/${local.name}-*",
      "${local.arn.ecs}:task/${local.name}-etl/*",
      "${local.arn.sagemaker}:endpoint/${local.name}-*",
      "${local.arn.sagemaker}:model-package-group/${local.name}-*",
      "${local.arn.sagemaker}:model-package/${local.name}-*",
      "${local.arn.sagemaker}:pipeline/${local.name}-*",
      "${local.arn.sagemaker}:processing-job/${local.name}-*",
      "${local.arn.sagemaker}:training-job/${local.name}-*",
      "${local.arn.states}:execution:${local.name}-*",
      "${local.arn.states}:stateMachine:${local.name}-*",
    ]
  }

  # titanicml-ignore: iam_wildcard_resource reason="CloudWatch shows composite alarms only to a caller who may see all alarms" doc="docs/06-observability-operations.md#iam"
  statement {
    sid       = "ReadAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
  }

  statement {
    sid = "List"
    actions = [
      "cloudwatch:GetMetricData",
      "cloudwatch:ListDashboards",
      "cloudwatch:ListMetrics",
      "logs:DescribeLogGroups",
      "sagemaker:ListEndpoints",
      "sagemaker:ListModelPackageGroups",
      "sagemaker:ListPipelines",
      "sagemaker:ListProcessingJobs",
      "sagemaker:ListTrainingJobs",
      "states:ListStateMachines",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "RunWorkflows"
    actions   = ["states:StartExecution"]
    resources = ["${local.arn.states}:stateMachine:${local.name}-retrain"]
  }
}

data "aws_iam_policy_document" "operator_trust" {
  dynamic "statement" {
    for_each = length(var.operator_principals) == 0 ? [] : [1]
    content {
      sid     = "People"
      actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]

      principals {
        identifiers = var.operator_principals
        type        = "AWS"
      }
    }
  }

  # A trust policy needs a statement; until people are named nobody can assume the role.
  dynamic "statement" {
    for_each = length(var.operator_principals) == 0 ? [1] : []
    content {
      sid     = "NobodyYet"
      effect  = "Deny"
      actions = ["sts:AssumeRole"]

      principals {
        identifiers = ["*"]
        type        = "AWS"
      }
    }
  }
}
