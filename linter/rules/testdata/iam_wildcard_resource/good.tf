data "aws_iam_policy_document" "train" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken", "sagemaker:ListTrainingJobs"]
    resources = ["*"]
  }

  statement {
    sid     = "Train"
    actions = ["sagemaker:CreateTrainingJob", "s3:GetObject", "logs:PutLogEvents"]
    resources = [
      "arn:aws:sagemaker:${var.region}:${var.account}:training-job/titanic-*",
      "arn:aws:s3:::titanic-data/*",
      "${aws_cloudwatch_log_group.train.arn}:*",
      "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/sagemaker/titanic:*",
    ]
  }

  statement {
    sid       = "Unknown"
    actions   = ["s3:GetObject", "s3:ListAllMyBuckets"]
    resources = var.resources
  }
}

resource "aws_iam_policy" "train" {
  name   = "titanic-train"
  policy = data.aws_iam_policy_document.train.json
}

resource "aws_kms_key" "data" {
  description = "data of the titanic pipeline"
  policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/titanic-train" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
    }]
  })
}

variable "region" {
  type = string
}

variable "account" {
  type = string
}

variable "resources" {
  type = list(string)
}
