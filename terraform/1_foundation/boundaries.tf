# A boundary grants nothing: it is the most that a role below it can ever have,
# whatever its policies say.

resource "aws_iam_policy" "ci_boundary" {
  name        = "${local.name}-ci-boundary"
  description = "The most that the workflow roles of ${var.env} can have"
  policy      = data.aws_iam_policy_document.ci_boundary.json
}

resource "aws_iam_policy" "workload_boundary" {
  name        = "${local.name}-workload-boundary"
  description = "The most that a workload role of ${var.env} can have"
  policy      = data.aws_iam_policy_document.workload_boundary.json
}

data "aws_iam_policy_document" "ci_boundary" {
  # checkov:skip=CKV_AWS_107:a boundary grants nothing; the statements that deny make it narrow
  # checkov:skip=CKV_AWS_108:a boundary grants nothing; the statements that deny make it narrow
  # checkov:skip=CKV_AWS_109:a boundary grants nothing; the statements that deny make it narrow
  # checkov:skip=CKV_AWS_110:a boundary grants nothing; the statements that deny make it narrow
  # checkov:skip=CKV_AWS_111:a boundary grants nothing; the statements that deny make it narrow
  # checkov:skip=CKV_AWS_356:a boundary grants nothing; the statements that deny make it narrow
  statement {
    sid = "ServicesOfTheStages"
    actions = [
      "application-autoscaling:*",
      "budgets:*",
      "ce:*",
      "cloudtrail:*",
      "cloudwatch:*",
      "ec2:*",
      "ecr:*",
      "ecs:*",
      "events:*",
      "iam:*",
      "kms:*",
      "lambda:*",
      "logs:*",
      "route53:AssociateVPCWithHostedZone",
      "s3:*",
      "sagemaker:*",
      "scheduler:*",
      "secretsmanager:*",
      "sns:*",
      "sqs:*",
      "states:*",
      "sts:*",
      "tag:*",
    ]
    resources = ["*"]
  }

  statement {
    sid    = "OwnCage"
    effect = "Deny"
    actions = [
      "iam:AttachRolePolicy",
      "iam:CreatePolicyVersion",
      "iam:DeletePolicy",
      "iam:DeletePolicyVersion",
      "iam:DeleteRole",
      "iam:DeleteRolePermissionsBoundary",
      "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy",
      "iam:PutRolePermissionsBoundary",
      "iam:PutRolePolicy",
      "iam:SetDefaultPolicyVersion",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
    ]
    resources = concat(
      local.cage_roles,
      ["${local.arn.iam}:policy/${local.name}-ci-*", "${local.arn.iam}:policy/${local.name}-workload-boundary"],
    )
  }

  statement {
    sid    = "NoPeopleNoKeys"
    effect = "Deny"
    actions = [
      "iam:CreateAccessKey",
      "iam:CreateLoginProfile",
      "iam:CreateUser",
      "iam:UpdateLoginProfile",
    ]
    resources = ["*"]
  }

  statement {
    sid    = "RolesStayUnderTheBoundary"
    effect = "Deny"
    actions = [
      "iam:CreateRole",
      "iam:PutRolePermissionsBoundary",
    ]
    resources = ["*"]

    condition {
      test     = "StringNotEquals"
      values   = ["${local.arn.iam}:policy/${local.name}-workload-boundary"]
      variable = "iam:PermissionsBoundary"
    }
  }

  statement {
    sid       = "AuditStays"
    effect    = "Deny"
    actions   = ["cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"]
    resources = [local.trail_arn]
  }
}

data "aws_iam_policy_document" "workload_boundary" {
  statement {
    sid = "ServicesOfTheWorkload"
    actions = [
      "cloudwatch:PutMetricData",
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetAuthorizationToken",
      "ecr:GetDownloadUrlForLayer",
      "ecs:DescribeTasks",
      "ecs:RunTask",
      "ecs:StopTask",
      "ecs:TagResource",
      "ec2:CreateNetworkInterface",
      "ec2:CreateNetworkInterfacePermission",
      "ec2:DeleteNetworkInterface",
      "ec2:DeleteNetworkInterfacePermission",
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
      "events:DescribeRule",
      "events:PutRule",
      "events:PutTargets",
      "iam:PassRole",
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:GenerateDataKey",
      "lambda:InvokeFunction",
      "logs:*",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:ListBucket",
      "s3:PutObject",
      "sagemaker:*",
      "secretsmanager:GetSecretValue",
      "sns:Publish",
      "sqs:SendMessage",
      "states:DescribeExecution",
      "states:StartExecution",
      "tag:GetResources",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "PassOnlyOwnRoles"
    effect    = "Deny"
    actions   = ["iam:PassRole"]
    resources = local.cage_roles
  }

  statement {
    sid       = "ChampionsAreDecidedByTerraform"
    effect    = "Deny"
    actions   = ["s3:DeleteObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::${local.store}/titanicml/champions/*", "arn:aws:s3:::${local.store}/titanicml/decisions/*", "arn:aws:s3:::${local.store}/titanicml/stages/*"]
  }
}

locals {
  cage_roles = [for role in ["apply", "operator", "plan"] : "${local.arn.iam}:role/${local.name}-${role}"]
}
