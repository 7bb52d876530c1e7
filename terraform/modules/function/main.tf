# One Lambda function in Go (provided.al2023, arm64) with its own log group and
# role. The zip comes from `make lambdas`.

terraform {
  required_version = ">= 1.10.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.46.0, < 7.0.0"
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  kms_key_id        = var.log_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:callers are synchronous, or a rule whose own queue keeps what it could not deliver; errors ring an alarm
  # checkov:skip=CKV_AWS_117:the VPC has no way to GitHub and to the services that have no endpoint there
  # checkov:skip=CKV_AWS_173:the variables are names and ARNs, secrets are read at run time
  # checkov:skip=CKV_AWS_272:the zip is built from these sources by the deployment that uploads it
  function_name                  = var.name
  architectures                  = ["arm64"]
  description                    = var.description
  filename                       = var.package
  handler                        = "bootstrap"
  memory_size                    = 128
  reserved_concurrent_executions = var.reserved_concurrency
  role                           = module.role.arn
  runtime                        = "provided.al2023"
  # Without the zip a plan still works; the apply then says which file is missing.
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null
  timeout          = var.timeout_seconds

  environment {
    variables = var.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "PassThrough"
  }
}

module "role" {
  source = "../role"

  name         = var.name
  boundary_arn = var.boundary_arn
  description  = "Execution role of the function ${var.name}: ${var.description}"
  policies     = merge(var.policies, { logs = data.aws_iam_policy_document.logs.json })
  service      = "lambda.amazonaws.com"
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:${local.log_group}:*"]
  }
}

locals {
  log_group = "/aws/lambda/${var.name}"
}
