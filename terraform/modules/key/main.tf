# A customer managed key with yearly rotation and an alias. Its policy hands the
# decision who may use it to IAM in this account; services get their own statements.

terraform {
  required_version = ">= 1.10.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.46.0, < 7.0.0"
    }
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_kms_key" "this" {
  deletion_window_in_days = var.deletion_window_in_days
  description             = var.description
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.this.json
}

data "aws_iam_policy_document" "this" {
  # checkov:skip=CKV_AWS_109:in the policy of a key "*" is this key, and root hands the decision to IAM
  # checkov:skip=CKV_AWS_111:in the policy of a key "*" is this key, and root hands the decision to IAM
  # checkov:skip=CKV_AWS_356:in the policy of a key "*" is this key, and root hands the decision to IAM
  source_policy_documents = var.policy_documents

  statement {
    sid = "DelegateToIAM"
    actions = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
      "kms:RetireGrant",
      "kms:RevokeGrant",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    resources = ["*"]

    principals {
      identifiers = ["arn:aws:iam::${var.account_id}:root"]
      type        = "AWS"
    }
  }
}
