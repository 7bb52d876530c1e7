# The pipeline's step Seal: reads the model, the report and the predictions back,
# writes their digests down as evidence and hands them to the registration. A
# pipeline alone can name files, never say what was in them.

module "seal" {
  source = "../modules/function"

  name               = "${local.name}-seal"
  account_id         = local.account_id
  boundary_arn       = local.boundary_arn
  description        = "Writes the digests of a pipeline run down as evidence"
  environment        = { STORE = local.store }
  log_key_arn        = local.logs_key_arn
  log_retention_days = var.log_retention_days
  package            = "${var.lambda_dir}/seal.zip"
  policies           = { evidence = data.aws_iam_policy_document.seal.json }
  region             = local.region
  timeout_seconds    = 120
}

data "aws_iam_policy_document" "seal" {
  statement {
    sid     = "ReadResults"
    actions = ["s3:GetObject"]
    resources = [
      "arn:aws:s3:::${local.artifacts_bucket}/pipeline/*",
      "arn:aws:s3:::${local.datasets_bucket}/curated/*",
      "arn:aws:s3:::${local.store_bucket}/titanicml/evaluations/*",
    ]
  }

  statement {
    sid       = "WriteEvidence"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.store_bucket}/titanicml/evaluations/*/evidence.json"]
  }

  statement {
    sid       = "UseDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.data_key_arn]
  }
}

locals {
  seal_arn = "arn:aws:lambda:${local.region}:${local.account_id}:function:${local.name}-seal"
}
