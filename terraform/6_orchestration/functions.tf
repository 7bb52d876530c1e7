# Glue, one role per function. Sources: examples/titanic/lambda.

module "candidate" {
  source = "../modules/function"

  name               = "${local.name}-candidate"
  account_id         = local.account_id
  boundary_arn       = local.boundary_arn
  description        = "Finds the version that a pipeline run registered and writes its lineage to it"
  environment        = { GROUP = local.group, STORE = local.store }
  log_key_arn        = local.logs_key_arn
  log_retention_days = var.log_retention_days
  package            = "${var.lambda_dir}/candidate.zip"
  policies           = { registry = data.aws_iam_policy_document.candidate.json }
  region             = local.region
}

# Not in the VPC: GitHub is on the internet, and the VPC has no way there.
module "dispatch" {
  source = "../modules/function"

  name         = "${local.name}-dispatch"
  account_id   = local.account_id
  boundary_arn = local.boundary_arn
  description  = "Starts a workflow of ${var.project.github_repository}"
  environment = {
    REF        = var.deploy_ref
    REPOSITORY = var.project.github_repository
    TOKEN_ARN  = aws_secretsmanager_secret.github_token.arn
    WORKFLOW   = local.workflow
  }
  log_key_arn        = local.logs_key_arn
  log_retention_days = var.log_retention_days
  package            = "${var.lambda_dir}/dispatch.zip"
  policies           = { token = data.aws_iam_policy_document.dispatch.json }
  region             = local.region
}

module "validate" {
  source = "../modules/function"

  name               = "${local.name}-validate"
  account_id         = local.account_id
  boundary_arn       = local.boundary_arn
  description        = "Checks the raw data before anything is trained on it"
  environment        = { BUCKET = local.datasets_bucket, KEY = "raw/titanic.csv", MIN_ROWS = "500" }
  log_key_arn        = local.logs_key_arn
  log_retention_days = var.log_retention_days
  package            = "${var.lambda_dir}/validate.zip"
  policies           = { data = data.aws_iam_policy_document.validate.json }
  region             = local.region
}

# The container only. Its value, a fine-grained token with "actions: write" on this
# repository, is put by hand: `aws secretsmanager put-secret-value`. A name whose secret
# waits for its deletion is taken, which would keep dev from coming back after a destroy.
resource "aws_secretsmanager_secret" "github_token" {
  # checkov:skip=CKV2_AWS_57:GitHub issues the token to a person; no function can rotate it
  name                    = "${local.name}/github-token"
  description             = "Token with which the function dispatch starts workflows"
  kms_key_id              = local.data_key_arn
  recovery_window_in_days = var.env == "dev" ? 0 : 7
}

data "aws_iam_policy_document" "candidate" {
  # checkov:skip=CKV_AWS_356:ListModelPackages takes no resource
  statement {
    sid       = "List"
    actions   = ["sagemaker:ListModelPackages"]
    resources = ["*"]
  }

  statement {
    sid       = "Read"
    actions   = ["sagemaker:DescribeModelPackage"]
    resources = [local.package_arns]
  }

  # Lineage only: a call that names an approval status is refused.
  statement {
    sid       = "WriteLineage"
    actions   = ["sagemaker:UpdateModelPackage"]
    resources = [local.package_arns]

    condition {
      test     = "Null"
      values   = ["true"]
      variable = "sagemaker:ModelApprovalStatus"
    }
  }

  statement {
    sid       = "ReadEvidence"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.store_bucket}/titanicml/evaluations/*"]
  }

  statement {
    sid       = "DecryptEvidence"
    actions   = ["kms:Decrypt"]
    resources = [local.data_key_arn]
  }
}

data "aws_iam_policy_document" "dispatch" {
  statement {
    sid       = "ReadToken"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:${local.region}:${local.account_id}:secret:${local.name}/github-token-??????"]
  }

  statement {
    sid       = "DecryptToken"
    actions   = ["kms:Decrypt"]
    resources = [local.data_key_arn]

    condition {
      test     = "StringEquals"
      values   = ["secretsmanager.${local.region}.amazonaws.com"]
      variable = "kms:ViaService"
    }
  }
}

data "aws_iam_policy_document" "validate" {
  statement {
    sid       = "ReadRaw"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.datasets_bucket}/raw/*"]
  }

  statement {
    sid       = "DecryptRaw"
    actions   = ["kms:Decrypt"]
    resources = [local.data_key_arn]
  }
}

locals {
  function_arn = "arn:aws:lambda:${local.region}:${local.account_id}:function:${local.name}"
  package_arns = "arn:aws:sagemaker:${local.region}:${local.account_id}:model-package/${local.group}/*"
  store_bucket = split("/", local.store)[2]
  workflow     = var.env == "prod" ? "promote-prod.yml" : "deploy-dev.yml"
}
