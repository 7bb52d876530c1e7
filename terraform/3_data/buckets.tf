module "artifacts_bucket" {
  source = "../modules/bucket"

  name            = local.artifacts
  access_logs     = { bucket = module.logs_bucket.name, prefix = "access/artifacts/" }
  force_destroy   = var.env == "dev"
  kms_key_arn     = local.data_key_arn
  noncurrent_days = var.noncurrent_days
}

module "datasets_bucket" {
  source = "../modules/bucket"

  name            = local.datasets
  access_logs     = { bucket = module.logs_bucket.name, prefix = "access/datasets/" }
  expire_prefixes = { "incoming/" = 30 }
  force_destroy   = var.env == "dev"
  kms_key_arn     = local.data_key_arn
  noncurrent_days = var.noncurrent_days
}

module "logs_bucket" {
  source = "../modules/bucket"

  name             = local.logs
  expire_prefixes  = { "access/" = 90 }
  force_destroy    = var.env == "dev"
  policy_documents = [data.aws_iam_policy_document.logs_bucket.json]
}

# Deliveries start a run: stage 6 has the rule.
resource "aws_s3_bucket_notification" "datasets" {
  bucket      = module.datasets_bucket.name
  eventbridge = true
}

data "aws_iam_policy_document" "logs_bucket" {
  # Each bucket's logs under its own prefix, and nothing beside it.
  dynamic "statement" {
    for_each = { artifacts = local.artifacts, datasets = local.datasets }
    content {
      sid       = "AccessLogs${title(statement.key)}"
      actions   = ["s3:PutObject"]
      resources = ["arn:aws:s3:::${local.logs}/access/${statement.key}/*"]

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

locals {
  artifacts = "${local.name}-artifacts-${local.account_id}"
  datasets  = "${local.name}-datasets-${local.account_id}"
  logs      = "${local.name}-logs-${local.account_id}"

  # ETL lands deliveries here; scripts/seed.sh puts the public data set there before the first.
  raw_data_uri = "s3://${module.datasets_bucket.name}/raw/titanic.csv"
}
