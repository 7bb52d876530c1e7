module "audit_bucket" {
  source = "../modules/bucket"

  name             = local.audit
  expire_prefixes  = { "access/" = 90, "trail/" = 400 }
  force_destroy    = var.env == "dev"
  policy_documents = [data.aws_iam_policy_document.audit_bucket.json]
}

module "state_bucket" {
  source = "../modules/bucket"

  name            = local.state
  access_logs     = { bucket = module.audit_bucket.name, prefix = "access/state/" }
  kms_key_arn     = module.state_key.arn
  noncurrent_days = var.state_noncurrent_days
}

# Everything titanicml records: data by digest, evidence, decisions, champions, the stage ledger.
module "store_bucket" {
  source = "../modules/bucket"

  name             = local.store
  access_logs      = { bucket = module.audit_bucket.name, prefix = "access/store/" }
  force_destroy    = var.env == "dev"
  kms_key_arn      = module.data_key.arn
  noncurrent_days  = var.state_noncurrent_days
  policy_documents = [data.aws_iam_policy_document.store_bucket.json]
}

data "aws_iam_policy_document" "audit_bucket" {
  statement {
    sid       = "CloudTrailAcl"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:aws:s3:::${local.audit}"]

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
    sid       = "CloudTrailWrite"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.audit}/trail/AWSLogs/${local.account_id}/*"]

    condition {
      test     = "StringEquals"
      values   = [local.trail_arn]
      variable = "aws:SourceArn"
    }

    condition {
      test     = "StringEquals"
      values   = ["bucket-owner-full-control"]
      variable = "s3:x-amz-acl"
    }

    principals {
      identifiers = ["cloudtrail.amazonaws.com"]
      type        = "Service"
    }
  }

  # Each bucket's logs under its own prefix, and nothing beside it.
  dynamic "statement" {
    for_each = { state = local.state, store = local.store }
    content {
      sid       = "AccessLogs${title(statement.key)}"
      actions   = ["s3:PutObject"]
      resources = ["arn:aws:s3:::${local.audit}/access/${statement.key}/*"]

      condition {
        test     = "ArnLike"
        values   = ["arn:aws:s3:::${statement.value}"]
        variable = "aws:SourceArn"
      }

      condition {
        test     = "StringEquals"
        values   = [local.account_id]
        variable = "aws:SourceAccount"
      }

      principals {
        identifiers = ["logging.s3.amazonaws.com"]
        type        = "Service"
      }
    }
  }
}

# In prod nobody deletes what was decided, and prod may read the ledger of dev.
data "aws_iam_policy_document" "store_bucket" {
  dynamic "statement" {
    for_each = var.env == "prod" ? [1] : []
    content {
      sid       = "DecisionsStay"
      effect    = "Deny"
      actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
      resources = ["arn:aws:s3:::${local.store}/titanicml/decisions/*"]

      principals {
        identifiers = ["*"]
        type        = "AWS"
      }
    }
  }

  dynamic "statement" {
    for_each = local.shares_ledger ? [1] : []
    content {
      sid       = "ProdReadsLedger"
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::${local.store}/titanicml/stages/*"]

      # A policy that names a role which is not there yet is refused; its account always is.
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
}

locals {
  prod_account    = "arn:aws:iam::${var.project.account_ids.prod}:root"
  prod_apply_role = "arn:aws:iam::${var.project.account_ids.prod}:role/titanic-prod-apply"

  # Within one account IAM alone decides; across two, dev's bucket and key name the reader.
  shares_ledger = var.env == "dev" && local.account_id != var.project.account_ids.prod
}
