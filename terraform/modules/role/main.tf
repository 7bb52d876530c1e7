# A role for exactly one AWS service, under the permission boundary, with inline
# policies that live and die with it.

terraform {
  required_version = ">= 1.10.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.46.0, < 7.0.0"
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  description          = var.description
  max_session_duration = 3600
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy" "this" {
  for_each = var.policies

  name   = each.key
  policy = each.value
  role   = aws_iam_role.this.id
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "Service"
    actions = ["sts:AssumeRole"]

    dynamic "condition" {
      for_each = var.source_account == null ? [] : [var.source_account]
      content {
        test     = "StringEquals"
        values   = [condition.value]
        variable = "aws:SourceAccount"
      }
    }

    principals {
      identifiers = [var.service]
      type        = "Service"
    }
  }
}
