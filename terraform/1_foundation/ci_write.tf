# What applying the stages changes: one policy per subject, so that its rights can
# be read, reviewed and removed on their own.

resource "aws_iam_policy" "write" {
  for_each = local.ci_write

  name        = "${local.name}-ci-write-${each.key}"
  description = "What applying the stages changes in ${var.env}: ${each.key}"
  policy      = each.value
}

resource "aws_iam_role_policy_attachment" "apply_write" {
  for_each = local.ci_write

  policy_arn = aws_iam_policy.write[each.key].arn
  role       = aws_iam_role.apply.name
}

data "aws_iam_policy_document" "write_networking" {
  # titanicml-ignore: iam_wildcard_resource reason="network resources have IDs that nobody can know before; the tags of this project limit what may be changed" doc="docs/00-foundations.md#iam"
  statement {
    sid = "CreateNetwork"
    actions = [
      "ec2:CreateFlowLogs",
      "ec2:CreateRouteTable",
      "ec2:CreateSecurityGroup",
      "ec2:CreateSubnet",
      "ec2:CreateVpc",
      "ec2:CreateVpcEndpoint",
    ]
    resources = [for kind in local.ec2_kinds : "${local.arn.ec2}:${kind}/*"]
  }

  # New resources have no tags yet; what carries the other environment's is left alone.
  # titanicml-ignore: iam_wildcard_resource reason="network resources have IDs that nobody can know before; what another environment has tagged is excluded" doc="docs/00-foundations.md#iam"
  statement {
    sid       = "TagNetwork"
    actions   = ["ec2:CreateTags"]
    resources = [for kind in local.ec2_kinds : "${local.arn.ec2}:${kind}/*"]

    condition {
      test     = "StringEqualsIfExists"
      values   = [var.env]
      variable = "aws:ResourceTag/env"
    }
  }

  # The rule that a call adds has no tags while it is added; its group must have ours, below.
  # titanicml-ignore: iam_wildcard_resource reason="the rule is made by this very call; the group that it joins is limited by its tags" doc="docs/00-foundations.md#iam"
  statement {
    sid       = "AddTaggedRules"
    actions   = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
    resources = ["${local.arn.ec2}:security-group-rule/*"]
  }

  # An interface endpoint with private DNS names hangs a hosted zone of AWS into the VPC.
  # titanicml-ignore: iam_wildcard_resource reason="the hosted zone is AWS's own, made for the endpoint" doc="docs/00-foundations.md#iam"
  statement {
    sid       = "PrivateDnsOfEndpoints"
    actions   = ["route53:AssociateVPCWithHostedZone"]
    resources = ["arn:aws:route53:::hostedzone/*"]
  }

  # titanicml-ignore: iam_wildcard_resource reason="network resources have IDs that nobody can know before; the tags of this project limit what may be changed" doc="docs/00-foundations.md#iam"
  statement {
    sid = "ChangeOwnNetwork"
    actions = [
      "ec2:AssociateRouteTable",
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:DeleteFlowLogs",
      "ec2:DeleteRouteTable",
      "ec2:DeleteSecurityGroup",
      "ec2:DeleteSubnet",
      "ec2:DeleteTags",
      "ec2:DeleteVpc",
      "ec2:DeleteVpcEndpoints",
      "ec2:DisassociateRouteTable",
      "ec2:ModifySecurityGroupRules",
      "ec2:ModifySubnetAttribute",
      "ec2:ModifyVpcAttribute",
      "ec2:ModifyVpcEndpoint",
      "ec2:RevokeSecurityGroupEgress",
      "ec2:RevokeSecurityGroupIngress",
    ]
    resources = [for kind in local.ec2_kinds : "${local.arn.ec2}:${kind}/*"]

    condition {
      test     = "StringEquals"
      values   = ["titanic-sagemaker"]
      variable = "aws:ResourceTag/project"
    }

    condition {
      test     = "StringEquals"
      values   = [var.env]
      variable = "aws:ResourceTag/env"
    }
  }
}

# Roles and log groups, which every stage makes: below the boundary, inside the
# name space, passed to the services named.
data "aws_iam_policy_document" "write_roles" {
  statement {
    sid       = "CreateRolesUnderTheBoundary"
    actions   = ["iam:CreateRole", "iam:PutRolePermissionsBoundary"]
    resources = ["${local.arn.iam}:role/${local.name}-*"]

    condition {
      test     = "StringEquals"
      values   = ["${local.arn.iam}:policy/${local.name}-workload-boundary"]
      variable = "iam:PermissionsBoundary"
    }
  }

  statement {
    sid = "LogGroups"
    actions = [
      "logs:AssociateKmsKey",
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:DeleteMetricFilter",
      "logs:DeleteRetentionPolicy",
      "logs:DisassociateKmsKey",
      "logs:PutMetricFilter",
      "logs:PutRetentionPolicy",
      "logs:TagResource",
      "logs:UntagResource",
    ]
    resources = local.log_group_arns
  }

  statement {
    sid = "ChangeOwnRoles"
    actions = [
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
      "iam:ListInstanceProfilesForRole",
      "iam:PutRolePolicy",
      "iam:TagRole",
      "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
      "iam:UpdateRoleDescription",
    ]
    resources = ["${local.arn.iam}:role/${local.name}-*"]
  }

  dynamic "statement" {
    for_each = local.passed_roles
    content {
      sid       = "Pass${replace(title(replace(statement.key, "/[.-]/", " ")), " ", "")}"
      actions   = ["iam:PassRole"]
      resources = [for role in statement.value : "${local.arn.iam}:role/${local.name}-${role}"]

      condition {
        test     = "StringEquals"
        values   = ["${statement.key}.amazonaws.com"]
        variable = "iam:PassedToService"
      }
    }
  }
}

data "aws_iam_policy_document" "write_data" {
  statement {
    sid = "Buckets"
    actions = [
      "s3:CreateBucket",
      "s3:DeleteBucket",
      "s3:DeleteBucketPolicy",
      "s3:PutBucketLogging",
      "s3:PutBucketNotification",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketTagging",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
      "s3:TagResource",
      "s3:UntagResource",
    ]
    resources = [for bucket in local.data_buckets : "arn:aws:s3:::${bucket}"]
  }

  statement {
    sid       = "SeedData"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.name}-datasets-${local.account_id}/raw/*"]
  }

  # Emptying a bucket before it is destroyed is for dev.
  dynamic "statement" {
    for_each = var.env == "dev" ? [1] : []
    content {
      sid       = "EmptyBuckets"
      actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"]
      resources = flatten([for bucket in local.data_buckets : ["arn:aws:s3:::${bucket}", "arn:aws:s3:::${bucket}/*"]])
    }
  }

  statement {
    sid = "Repositories"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchDeleteImage",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:CreateRepository",
      "ecr:DeleteLifecyclePolicy",
      "ecr:DeleteRepository",
      "ecr:DeleteRepositoryPolicy",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:PutImageScanningConfiguration",
      "ecr:PutImageTagMutability",
      "ecr:PutLifecyclePolicy",
      "ecr:SetRepositoryPolicy",
      "ecr:TagResource",
      "ecr:UntagResource",
      "ecr:UploadLayerPart",
    ]
    resources = ["${local.arn.ecr}:repository/${local.name}-*"]
  }

  statement {
    sid = "Cluster"
    actions = [
      "ecs:CreateCluster",
      "ecs:DeleteCluster",
      "ecs:PutClusterCapacityProviders",
      "ecs:TagResource",
      "ecs:UntagResource",
      "ecs:UpdateCluster",
      "ecs:UpdateClusterSettings",
    ]
    resources = ["${local.arn.ecs}:cluster/${local.name}-etl", "${local.arn.ecs}:task-definition/${local.name}-*:*"]
  }

  statement {
    sid       = "TaskDefinitions"
    actions   = ["ecs:RegisterTaskDefinition"]
    resources = ["${local.arn.ecs}:task-definition/${local.name}-*:*"]
  }

  statement {
    sid       = "DeregisterTaskDefinitions"
    actions   = ["ecs:DeregisterTaskDefinition"]
    resources = ["*"]
  }

  # EncryptedRepositories and volumes: the services take a grant on the key for themselves.
  statement {
    sid       = "GrantKeyToServices"
    actions   = ["kms:CreateGrant"]
    resources = [module.data_key.arn]

    condition {
      test     = "Bool"
      values   = ["true"]
      variable = "kms:GrantIsForAWSResource"
    }
  }

  # The condition above is none of this action's, so that with it nothing would be allowed.
  statement {
    sid       = "RetireGrants"
    actions   = ["kms:RetireGrant"]
    resources = [module.data_key.arn]
  }

  statement {
    sid       = "ClusterRole"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["${local.arn.iam}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"]

    condition {
      test     = "StringEquals"
      values   = ["ecs.amazonaws.com"]
      variable = "iam:AWSServiceName"
    }
  }
}

data "aws_iam_policy_document" "write_training_serving" {
  statement {
    sid = "Training"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateModelPackage",
      "sagemaker:CreateModelPackageGroup",
      "sagemaker:CreatePipeline",
      "sagemaker:CreateProcessingJob",
      "sagemaker:CreateTrainingJob",
      "sagemaker:DeleteModelPackage",
      "sagemaker:DeleteModelPackageGroup",
      "sagemaker:DeleteModelPackageGroupPolicy",
      "sagemaker:DeletePipeline",
      "sagemaker:DeleteTags",
      "sagemaker:PutModelPackageGroupPolicy",
      "sagemaker:StopProcessingJob",
      "sagemaker:StopTrainingJob",
      "sagemaker:UpdateModelPackage",
      "sagemaker:UpdatePipeline",
    ]
    resources = [for kind in local.sagemaker_kinds : "${local.arn.sagemaker}:${kind}/${local.name}-*"]
  }

  statement {
    sid = "Serving"
    actions = [
      "sagemaker:CreateEndpoint",
      "sagemaker:CreateEndpointConfig",
      "sagemaker:CreateModel",
      "sagemaker:DeleteEndpoint",
      "sagemaker:DeleteEndpointConfig",
      "sagemaker:DeleteModel",
      "sagemaker:InvokeEndpoint",
      "sagemaker:UpdateEndpoint",
      "sagemaker:UpdateEndpointWeightsAndCapacities",
    ]
    resources = [for kind in ["endpoint", "endpoint-config", "model"] : "${local.arn.sagemaker}:${kind}/${local.name}-*"]
  }

  # titanicml-ignore: iam_wildcard_resource reason="the ID of a scalable target is chosen by AWS; the namespace limits it to SageMaker" doc="docs/04-serving-ecs-sagemaker.md#iam"
  statement {
    sid = "Autoscaling"
    actions = [
      "application-autoscaling:DeleteScalingPolicy",
      "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:RegisterScalableTarget",
      "application-autoscaling:TagResource",
      "application-autoscaling:UntagResource",
    ]
    resources = ["${local.arn.autoscaling}:scalable-target/*"]

    condition {
      test     = "StringEqualsIfExists"
      values   = ["sagemaker"]
      variable = "application-autoscaling:service-namespace"
    }
  }

  # Target tracking keeps its alarms under names of its own.
  statement {
    sid       = "AutoscalingAlarms"
    actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"]
    resources = ["${local.arn.cloudwatch}:alarm:TargetTracking-endpoint/${local.name}-*"]
  }

  statement {
    sid       = "AutoscalingRole"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["${local.arn.iam}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"]

    condition {
      test     = "StringEquals"
      values   = ["sagemaker.application-autoscaling.amazonaws.com"]
      variable = "iam:AWSServiceName"
    }
  }
}

data "aws_iam_policy_document" "write_orchestration" {
  statement {
    sid = "StateMachine"
    actions = [
      "states:CreateStateMachine",
      "states:DeleteStateMachine",
      "states:TagResource",
      "states:UntagResource",
      "states:UpdateStateMachine",
    ]
    resources = ["${local.arn.states}:stateMachine:${local.name}-*"]
  }

  statement {
    sid = "Functions"
    actions = [
      "lambda:AddPermission",
      "lambda:CreateFunction",
      "lambda:DeleteFunction",
      "lambda:DeleteFunctionConcurrency",
      "lambda:PutFunctionConcurrency",
      "lambda:RemovePermission",
      "lambda:TagResource",
      "lambda:UntagResource",
      "lambda:UpdateFunctionCode",
      "lambda:UpdateFunctionConfiguration",
    ]
    resources = ["${local.arn.lambda}:function:${local.name}-*"]
  }

  statement {
    sid = "Rules"
    actions = [
      "events:DeleteRule",
      "events:PutRule",
      "events:PutTargets",
      "events:RemoveTargets",
      "events:TagResource",
      "events:UntagResource",
    ]
    resources = ["${local.arn.events}:rule/${local.name}-*"]
  }

  statement {
    sid = "Schedules"
    actions = [
      "scheduler:CreateSchedule",
      "scheduler:CreateScheduleGroup",
      "scheduler:DeleteSchedule",
      "scheduler:DeleteScheduleGroup",
      "scheduler:TagResource",
      "scheduler:UntagResource",
      "scheduler:UpdateSchedule",
    ]
    resources = ["${local.arn.scheduler}:schedule-group/${local.name}-*", "${local.arn.scheduler}:schedule/${local.name}-*/*"]
  }

  # The value is put by hand: the role may make the container, never read what is in it.
  statement {
    sid = "SecretContainers"
    actions = [
      "secretsmanager:CreateSecret",
      "secretsmanager:DeleteSecret",
      "secretsmanager:TagResource",
      "secretsmanager:UntagResource",
      "secretsmanager:UpdateSecret",
    ]
    resources = ["${local.arn.secretsmanager}:secret:${local.name}/*"]
  }

  statement {
    sid = "Notifications"
    actions = [
      "sns:CreateTopic",
      "sns:DeleteTopic",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "sns:TagResource",
      "sns:Unsubscribe",
      "sns:UntagResource",
      "sqs:CreateQueue",
      "sqs:DeleteQueue",
      "sqs:SetQueueAttributes",
      "sqs:TagQueue",
      "sqs:UntagQueue",
    ]
    resources = ["${local.arn.sns}:${local.name}-*", "${local.arn.sqs}:${local.name}-*"]
  }

  statement {
    sid = "StateMachineLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "write_observability" {
  statement {
    sid = "Alarms"
    actions = [
      "cloudwatch:DeleteAlarms",
      "cloudwatch:DeleteDashboards",
      "cloudwatch:PutCompositeAlarm",
      "cloudwatch:PutDashboard",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource",
      "cloudwatch:UntagResource",
    ]
    resources = [
      "arn:aws:cloudwatch::${local.account_id}:dashboard/${local.name}-*",
      "${local.arn.cloudwatch}:alarm:${local.name}-*",
    ]
  }

  statement {
    sid       = "Budgets"
    actions   = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]
    resources = ["arn:aws:budgets::${local.account_id}:budget/${local.name}-*"]
  }

  statement {
    sid       = "CreateMonitor"
    actions   = ["ce:CreateAnomalyMonitor", "ce:CreateAnomalySubscription"]
    resources = ["*"]
  }

  # titanicml-ignore: iam_wildcard_resource reason="the IDs of anomaly monitors and subscriptions are chosen by AWS" doc="docs/07-cost-governance.md#iam"
  statement {
    sid = "Anomalies"
    actions = [
      "ce:DeleteAnomalyMonitor",
      "ce:DeleteAnomalySubscription",
      "ce:TagResource",
      "ce:UntagResource",
      "ce:UpdateAnomalyMonitor",
      "ce:UpdateAnomalySubscription",
    ]
    resources = [
      "arn:aws:ce::${local.account_id}:anomalymonitor/*",
      "arn:aws:ce::${local.account_id}:anomalysubscription/*",
    ]
  }

  statement {
    sid       = "StageMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = ["Titanic/Stages"]
      variable = "cloudwatch:namespace"
    }
  }
}

locals {
  ci_write = {
    data             = data.aws_iam_policy_document.write_data.json
    networking       = data.aws_iam_policy_document.write_networking.json
    observability    = data.aws_iam_policy_document.write_observability.json
    orchestration    = data.aws_iam_policy_document.write_orchestration.json
    roles            = data.aws_iam_policy_document.write_roles.json
    training_serving = data.aws_iam_policy_document.write_training_serving.json
  }

  data_buckets = [for thing in ["artifacts", "datasets", "logs"] : "${local.name}-${thing}-${local.account_id}"]

  ec2_kinds = ["route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint", "vpc-flow-log"]

  # Which role may be handed to which service. Nothing else can be passed.
  passed_roles = {
    "ecs-tasks"     = ["etl-execution", "etl-task"]
    "events"        = ["events"]
    "lambda"        = ["candidate", "dispatch", "orphans", "seal", "validate"]
    "sagemaker"     = ["sagemaker"]
    "scheduler"     = ["scheduler"]
    "states"        = ["states"]
    "vpc-flow-logs" = ["flow-logs"]
  }
}
