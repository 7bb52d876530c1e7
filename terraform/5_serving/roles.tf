# Two roles for people and programs around the endpoint. Neither runs the workload.

# Approves a version in prod, and nothing else. The gate accepts nobody who trained it.
resource "aws_iam_role" "approver" {
  name                 = "${local.name}-approver"
  assume_role_policy   = data.aws_iam_policy_document.operator_trust.json
  description          = "Approves or rejects model versions of ${var.env}"
  max_session_duration = 3600
  permissions_boundary = local.boundary_arn
}

resource "aws_iam_role" "endpoint_invoker" {
  name                 = "${local.name}-endpoint-invoker"
  assume_role_policy   = data.aws_iam_policy_document.operator_trust.json
  description          = "Asks the endpoint of ${var.env} for predictions"
  max_session_duration = 3600
  permissions_boundary = local.boundary_arn
}

resource "aws_iam_role_policy" "approver" {
  name   = "approve"
  policy = data.aws_iam_policy_document.approver.json
  role   = aws_iam_role.approver.id
}

resource "aws_iam_role_policy" "endpoint_invoker" {
  name   = "invoke"
  policy = data.aws_iam_policy_document.endpoint_invoker.json
  role   = aws_iam_role.endpoint_invoker.id
}

data "aws_iam_policy_document" "approver" {
  statement {
    sid       = "Approve"
    actions   = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
    resources = ["${local.sagemaker_arn}:model-package/${local.group}/*"]
  }

  statement {
    sid       = "ReadDecisions"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.store_bucket}/titanicml/decisions/${local.group}/*", "arn:aws:s3:::${local.store_bucket}/titanicml/evaluations/*"]
  }

  statement {
    sid       = "DecryptDecisions"
    actions   = ["kms:Decrypt"]
    resources = [local.data_key_arn]
  }
}

data "aws_iam_policy_document" "endpoint_invoker" {
  statement {
    sid       = "Invoke"
    actions   = ["sagemaker:InvokeEndpoint"]
    resources = ["${local.sagemaker_arn}:endpoint/${local.endpoint}"]
  }
}

data "aws_iam_policy_document" "operator_trust" {
  statement {
    sid     = "Operator"
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]

    principals {
      identifiers = [local.operator_role_arn]
      type        = "AWS"
    }
  }
}

locals {
  sagemaker_arn = "arn:aws:sagemaker:${local.region}:${local.account_id}"
  store_bucket  = split("/", local.store)[2]
}
