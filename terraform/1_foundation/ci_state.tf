# State and store: what every stage's run reads and writes besides its own resources.

resource "aws_iam_policy" "apply_state" {
  name        = "${local.name}-ci-apply-state"
  description = "State, lock and store of ${var.env}"
  policy      = data.aws_iam_policy_document.apply_state.json
}

resource "aws_iam_policy" "plan_state" {
  name        = "${local.name}-ci-plan-state"
  description = "State of ${var.env} read-only, and in dev its evidence"
  policy      = data.aws_iam_policy_document.plan_state.json
}

resource "aws_iam_role_policy_attachment" "apply_state" {
  policy_arn = aws_iam_policy.apply_state.arn
  role       = aws_iam_role.apply.name
}

resource "aws_iam_role_policy_attachment" "plan_state" {
  policy_arn = aws_iam_policy.plan_state.arn
  role       = aws_iam_role.plan.name
}

data "aws_iam_policy_document" "apply_state" {
  statement {
    sid       = "DevLedger"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.dev_store}/titanicml/stages/*"]
  }

  # Across accounts the key's policy is half of the answer, the reader's own the other.
  dynamic "statement" {
    for_each = local.reads_other_account ? [1] : []
    content {
      sid     = "DevLedgerKey"
      actions = ["kms:Decrypt"]
      # titanicml-ignore: iam_wildcard_resource reason="the ID of the other account's key is not known here; its policy lets this role through for the ledger's bucket alone" doc="docs/00-foundations.md#iam"
      resources = ["arn:aws:kms:${local.region}:${var.project.account_ids.dev}:key/*"]

      condition {
        test     = "StringEquals"
        values   = ["s3.${local.region}.amazonaws.com"]
        variable = "kms:ViaService"
      }
    }
  }

  statement {
    sid       = "ListBuckets"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.state}", "arn:aws:s3:::${local.store}"]
  }

  # Stage 1 is applied by an administrator: its state is readable, never writable.
  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.state}/${var.env}/*"]
  }

  statement {
    sid     = "WriteState"
    actions = ["s3:DeleteObject", "s3:PutObject"]
    resources = [
      for stage in local.ci_stages : "arn:aws:s3:::${local.state}/${var.env}/${stage}/*"
    ]
  }

  statement {
    sid       = "Store"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"]
    resources = ["arn:aws:s3:::${local.store}/titanicml/*"]
  }

  statement {
    sid       = "Keys"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [module.data_key.arn, module.logs_key.arn, module.state_key.arn]
  }
}

data "aws_iam_policy_document" "plan_state" {
  statement {
    sid       = "ListBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.state}"]
  }

  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.state}/${var.env}/*"]
  }

  statement {
    sid       = "DecryptState"
    actions   = ["kms:Decrypt"]
    resources = [module.state_key.arn]
  }

  # Whoever opens a pull request can print what its plan reads: dev's evidence, never prod's.
  dynamic "statement" {
    for_each = var.env == "dev" ? [1] : []
    content {
      sid       = "ReadEvidence"
      actions   = ["s3:GetObject", "s3:GetObjectTagging"]
      resources = ["arn:aws:s3:::${local.store}/titanicml/*"]
    }
  }

  dynamic "statement" {
    for_each = var.env == "dev" ? [1] : []
    content {
      sid       = "ListEvidence"
      actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
      resources = ["arn:aws:s3:::${local.store}"]
    }
  }

  dynamic "statement" {
    for_each = var.env == "dev" ? [1] : []
    content {
      sid       = "DecryptEvidence"
      actions   = ["kms:Decrypt"]
      resources = [module.data_key.arn]
    }
  }
}

locals {
  ci_stages = ["2_networking", "3_data", "4_ml_training", "5_serving", "6_orchestration", "7_observability_cost"]
  dev_store = "titanic-dev-store-${var.project.account_ids.dev}"

  reads_other_account = var.env == "prod" && local.account_id != var.project.account_ids.dev
}
