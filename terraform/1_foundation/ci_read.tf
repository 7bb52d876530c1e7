# What a refresh of the seven stages reads. Plan and apply roles share it.

resource "aws_iam_policy" "read" {
  for_each = local.ci_read

  name        = "${local.name}-ci-read-${each.key}"
  description = "Reads what a plan of the stages refreshes: ${each.key}"
  policy      = each.value
}

resource "aws_iam_role_policy_attachment" "apply_read" {
  for_each = local.ci_read

  policy_arn = aws_iam_policy.read[each.key].arn
  role       = aws_iam_role.apply.name
}

resource "aws_iam_role_policy_attachment" "plan_read" {
  for_each = local.ci_read

  policy_arn = aws_iam_policy.read[each.key].arn
  role       = aws_iam_role.plan.name
}

data "aws_iam_policy_document" "read_platform" {
  statement {
    sid = "Buckets"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucketAcl",
      "s3:GetBucketCORS",
      "s3:GetBucketLocation",
      "s3:GetBucketLogging",
      "s3:GetBucketNotification",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketOwnershipControls",
      "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketRequestPayment",
      "s3:GetBucketTagging",
      "s3:GetBucketVersioning",
      "s3:GetBucketWebsite",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
      "s3:ListTagsForResource",
    ]
    resources = ["arn:aws:s3:::${local.name}-*"]
  }

  statement {
    sid       = "SeedData"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.name}-datasets-${local.account_id}/raw/*"]
  }

  statement {
    sid = "Identities"
    actions = [
      "iam:GetOpenIDConnectProvider",
      "iam:GetPolicy",
      "iam:GetPolicyVersion",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListPolicyVersions",
      "iam:ListRolePolicies",
    ]
    resources = [
      local.github_provider_arn,
      "${local.arn.iam}:policy/${local.name}-*",
      "${local.arn.iam}:role/${local.name}-*",
    ]
  }

  statement {
    sid = "Keys"
    actions = [
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListResourceTags",
    ]
    resources = [module.data_key.arn, module.logs_key.arn, module.state_key.arn]
  }

  statement {
    sid = "Trail"
    actions = [
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetTrail",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:ListTags",
    ]
    resources = [local.trail_arn]
  }

  statement {
    sid = "Logs"
    actions = [
      "logs:DescribeLogStreams",
      "logs:DescribeMetricFilters",
      "logs:GetLogEvents",
      "logs:ListTagsForResource",
      "logs:ListTagsLogGroup",
    ]
    resources = local.log_group_arns
  }

  statement {
    sid = "Lists"
    actions = [
      "cloudtrail:DescribeTrails",
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeFlowLogs",
      "ec2:DescribeNetworkAcls",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribePrefixLists",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroupRules",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcs",
      "kms:ListAliases",
      "logs:DescribeLogGroups",
    ]
    resources = ["*"]
  }

  # titanicml-ignore: iam_wildcard_resource reason="a VPC has no name, its ID is not known before stage 2 made it" doc="docs/00-foundations.md#iam"
  statement {
    sid       = "VpcAttributes"
    actions   = ["ec2:DescribeVpcAttribute"]
    resources = ["${local.arn.ec2}:vpc/*"]
  }
}

data "aws_iam_policy_document" "read_workload" {
  statement {
    sid = "Images"
    actions = [
      "ecr:DescribeImages",
      "ecr:DescribeRepositories",
      "ecr:GetLifecyclePolicy",
      "ecr:GetRepositoryPolicy",
      "ecr:ListTagsForResource",
    ]
    resources = ["${local.arn.ecr}:repository/${local.name}-*"]
  }

  statement {
    sid = "Tasks"
    actions = [
      "ecs:DescribeClusters",
      "ecs:ListTagsForResource",
    ]
    resources = ["${local.arn.ecs}:cluster/${local.name}-*", "${local.arn.ecs}:task-definition/${local.name}-*:*"]
  }

  statement {
    sid = "Models"
    actions = [
      "sagemaker:DescribeEndpoint",
      "sagemaker:DescribeEndpointConfig",
      "sagemaker:DescribeModel",
      "sagemaker:DescribeModelPackage",
      "sagemaker:DescribeModelPackageGroup",
      "sagemaker:DescribePipeline",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:GetModelPackageGroupPolicy",
      "sagemaker:ListPipelineExecutions",
      "sagemaker:ListTags",
    ]
    resources = [for kind in local.sagemaker_kinds : "${local.arn.sagemaker}:${kind}/${local.name}-*"]
  }

  statement {
    sid = "Orchestration"
    actions = [
      "events:DescribeRule",
      "events:ListTagsForResource",
      "events:ListTargetsByRule",
      "lambda:GetFunction",
      "lambda:GetFunctionCodeSigningConfig",
      "lambda:GetFunctionConcurrency",
      "lambda:GetFunctionConfiguration",
      "lambda:GetPolicy",
      "lambda:ListTags",
      "lambda:ListVersionsByFunction",
      "scheduler:GetSchedule",
      "scheduler:GetScheduleGroup",
      "scheduler:ListTagsForResource",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetResourcePolicy",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListTagsForResource",
      "sqs:GetQueueAttributes",
      "sqs:ListQueueTags",
      "states:DescribeStateMachine",
      "states:ListStateMachineVersions",
      "states:ListTagsForResource",
    ]
    resources = [
      "${local.arn.events}:rule/${local.name}-*",
      "${local.arn.lambda}:function:${local.name}-*",
      "${local.arn.scheduler}:schedule-group/${local.name}-*",
      "${local.arn.scheduler}:schedule/${local.name}-*/*",
      "${local.arn.secretsmanager}:secret:${local.name}/*",
      "${local.arn.sns}:${local.name}-*",
      "${local.arn.sqs}:${local.name}-*",
      "${local.arn.states}:stateMachine:${local.name}-*",
    ]
  }

  statement {
    sid = "Observability"
    actions = [
      "budgets:ListTagsForResource",
      "budgets:ViewBudget",
      "cloudwatch:GetDashboard",
      "cloudwatch:ListTagsForResource",
    ]
    resources = [
      "arn:aws:budgets::${local.account_id}:budget/${local.name}-*",
      "arn:aws:cloudwatch::${local.account_id}:dashboard/${local.name}-*",
      "${local.arn.cloudwatch}:alarm:${local.name}-*",
    ]
  }

  # titanicml-ignore: iam_wildcard_resource reason="the IDs of anomaly monitors and subscriptions are chosen by AWS" doc="docs/07-cost-governance.md#iam"
  statement {
    sid     = "Anomalies"
    actions = ["ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:ListTagsForResource"]
    resources = [
      "arn:aws:ce::${local.account_id}:anomalymonitor/*",
      "arn:aws:ce::${local.account_id}:anomalysubscription/*",
    ]
  }

  # titanicml-ignore: iam_wildcard_resource reason="CloudWatch shows composite alarms only to a caller who may see all alarms" doc="docs/06-observability-operations.md#iam"
  statement {
    sid       = "Alarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
  }

  statement {
    sid = "Lists"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingPolicies",
      "cloudwatch:GetMetricData",
      "ecr:GetAuthorizationToken",
      "ecs:DescribeTaskDefinition",
      "sagemaker:ListEndpointConfigs",
      "sagemaker:ListModelPackages",
      "sagemaker:ListModels",
      "sagemaker:ListProcessingJobs",
      "sagemaker:ListTrainingJobs",
      "states:ValidateStateMachineDefinition",
    ]
    resources = ["*"]
  }

  # titanicml-ignore: iam_wildcard_resource reason="the ID of a scalable target is chosen by AWS" doc="docs/04-serving-ecs-sagemaker.md#iam"
  statement {
    sid       = "ScalableTargets"
    actions   = ["application-autoscaling:ListTagsForResource"]
    resources = ["${local.arn.autoscaling}:scalable-target/*"]
  }
}

locals {
  ci_read = {
    platform = data.aws_iam_policy_document.read_platform.json
    workload = data.aws_iam_policy_document.read_workload.json
  }

  log_group_arns = [for prefix in local.log_groups : "${local.arn.logs}:log-group:${prefix}*"]

  log_groups = [
    "/aws/ecs/${local.name}-",
    "/aws/lambda/${local.name}-",
    "/aws/sagemaker/",
    "/aws/states/${local.name}-",
    "/titanic/${var.env}/",
  ]

  sagemaker_kinds = [
    "endpoint",
    "endpoint-config",
    "model",
    "model-package",
    "model-package-group",
    "pipeline",
    "processing-job",
    "training-job",
  ]
}
