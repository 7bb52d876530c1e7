variable "wide" {
  type = bool
}

variable "env" {
  type = string
}

resource "aws_iam_policy" "inline" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = var.wide ? "*" : "arn:aws:s3:::data/titanic.csv" # want "on \"\\*\", when var.wide is true; name"
    }]
  })
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["s3:GetObject"]
    resources = [!var.wide ? "arn:aws:s3:::data/titanic.csv" : "*"] # want "when var.wide is true"
  }
}

resource "aws_iam_policy" "document" {
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_policy" "whole" {
  policy = var.env == "prod" ? data.aws_iam_policy_document.narrow.json : local.broad
}

data "aws_iam_policy_document" "narrow" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::data/titanic.csv"]
  }
}

locals {
  broad = <<-EOT
    {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
      "Resource": "${length(var.env) > 3 ? "*" : "arn:aws:s3:::data"}"}]}
  EOT
  # want(-2) "when the condition on var.env holds and var.env is not \"prod\"; name"
}
