# Once a week: which resources of this name space lack a mandatory tag, or carry
# ours though no state knows them. The report lies in the store, its count is a metric.

resource "aws_cloudwatch_event_rule" "orphans" {
  name                = local.orphans_name
  description         = "Looks for orphans"
  schedule_expression = "cron(0 6 ? * MON *)"
}

resource "aws_cloudwatch_event_target" "orphans" {
  arn       = module.orphans.arn
  rule      = aws_cloudwatch_event_rule.orphans.name
  target_id = "report"

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 3
  }
}

resource "aws_cloudwatch_log_group" "operations" {
  name              = "/titanic/${var.env}/operations"
  kms_key_id        = local.logs_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_permission" "orphans" {
  action        = "lambda:InvokeFunction"
  function_name = module.orphans.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.orphans.arn
  statement_id  = "WeeklyReport"
}

module "orphans" {
  source = "../modules/function"

  name               = local.orphans_name
  account_id         = local.account_id
  boundary_arn       = local.boundary_arn
  description        = "Reports resources without the mandatory tags"
  environment        = { ENVIRONMENT = var.env, NAME_PREFIX = "${local.name}-", REPORT_URI = "${local.store}/orphans", REQUIRED_TAGS = join(",", keys(local.tags)) }
  log_key_arn        = local.logs_key_arn
  log_retention_days = var.log_retention_days
  package            = "${var.lambda_dir}/orphans.zip"
  policies           = { report = data.aws_iam_policy_document.orphans.json }
  region             = local.region
  timeout_seconds    = 120
}

data "aws_iam_policy_document" "orphans" {
  statement {
    sid       = "ReadTags"
    actions   = ["tag:GetResources"]
    resources = ["*"]
  }

  statement {
    sid       = "WriteReport"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.store_bucket}/titanicml/orphans/*"]
  }

  statement {
    sid       = "EncryptReport"
    actions   = ["kms:GenerateDataKey"]
    resources = [local.data_key_arn]
  }
}

locals {
  orphans_name = "${local.name}-orphans"
  store_bucket = split("/", local.store)[2]
}
