module "data_key" {
  source = "../modules/key"

  name             = "${local.name}-data"
  account_id       = local.account_id
  description      = "Datasets, artifacts, images, SageMaker volumes and the titanicml store of ${var.env}"
  policy_documents = local.data_key_readers
}

module "logs_key" {
  source = "../modules/key"

  name             = "${local.name}-logs"
  account_id       = local.account_id
  description      = "Log groups, the audit trail and notifications of ${var.env}"
  policy_documents = [data.aws_iam_policy_document.logs_key.json]
}

module "state_key" {
  source = "../modules/key"

  name        = "${local.name}-state"
  account_id  = local.account_id
  description = "Terraform state of ${var.env}"
}

data "aws_iam_policy_document" "data_key" {
  statement {
    sid       = "ProdReadsLedger"
    actions   = ["kms:Decrypt"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = ["s3.${local.region}.amazonaws.com"]
      variable = "kms:ViaService"
    }

    condition {
      test     = "ArnEquals"
      values   = [local.prod_apply_role]
      variable = "aws:PrincipalArn"
    }

    principals {
      identifiers = [local.prod_account]
      type        = "AWS"
    }
  }
}

data "aws_iam_policy_document" "logs_key" {
  statement {
    sid = "CloudTrail"
    actions = [
      "kms:DescribeKey",
      "kms:GenerateDataKey",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = [local.trail_arn]
      variable = "aws:SourceArn"
    }

    principals {
      identifiers = ["cloudtrail.amazonaws.com"]
      type        = "Service"
    }
  }

  statement {
    sid = "CloudWatchLogs"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      values   = ["${local.arn.logs}:log-group:*"]
      variable = "kms:EncryptionContext:aws:logs:arn"
    }

    principals {
      identifiers = ["logs.${local.region}.amazonaws.com"]
      type        = "Service"
    }
  }

  statement {
    sid = "NotificationSources"
    actions = [
      "kms:Decrypt",
      "kms:GenerateDataKey",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = [local.account_id]
      variable = "aws:SourceAccount"
    }

    principals {
      identifiers = [
        "budgets.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "costalerts.amazonaws.com",
      ]
      type = "Service"
    }
  }

  # SNS does not hand aws:SourceAccount or aws:SourceArn on for EventBridge, so that a
  # condition on them would stop every event without an error. The context names the topic.
  statement {
    sid = "EventsToTopics"
    actions = [
      "kms:Decrypt",
      "kms:GenerateDataKey",
    ]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      values   = ["${local.arn.sns}:${local.name}-*"]
      variable = "kms:EncryptionContext:aws:sns:topicArn"
    }

    principals {
      identifiers = ["events.amazonaws.com"]
      type        = "Service"
    }
  }

  statement {
    sid = "EventsToQueues"
    actions = [
      "kms:Decrypt",
      "kms:GenerateDataKey",
    ]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      values   = ["${local.arn.sqs}:${local.name}-*"]
      variable = "kms:EncryptionContext:aws:sqs:arn"
    }

    principals {
      identifiers = ["events.amazonaws.com"]
      type        = "Service"
    }
  }
}

locals {
  # The bucket policy alone does not open what the key encrypts.
  data_key_readers = local.shares_ledger ? [data.aws_iam_policy_document.data_key.json] : []
}
