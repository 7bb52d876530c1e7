data "aws_iam_policy_document" "train" {
  statement {
    sid       = "Pull"
    actions   = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]
    resources = ["*"] # want "aws_iam_policy.train allows \"ecr:BatchGetImage\" on \"\\*\" because \"ecr:GetAuthorizationToken\" takes no resource; split the statement"
  }

  statement {
    sid     = "Jobs"
    actions = ["sagemaker:CreateTrainingJob", "sagemaker:StopTrainingJob"]
    resources = [
      "arn:aws:sagemaker:*:111122223333:training-job/titanic-*", # want "which reaches other regions"
      "arn:aws:sagemaker:eu-west-1:111122223333:training-job/*", # want "which reaches every training-job; name the resources"
      "arn:aws:sagemaker:${var.region}:${var.account}:*",        # want "which reaches every sagemaker resource"
    ]
  }

  statement {
    sid       = "Data"
    actions   = ["s3:GetObject"]
    resources = ["*"] # want "allows \"s3:GetObject\" on \"\\*\"; name the resources, such as arn:aws:s3:::BucketName/ObjectName"
  }

  statement {
    sid       = "Never"
    actions   = ["sagemaker:ListModels"]
    resources = ["arn:aws:sagemaker:eu-west-1:111122223333:model/titanic"] # want "but it takes no resource, so it is never allowed"
  }
}

resource "aws_iam_policy" "train" {
  name   = "titanic-train"
  policy = data.aws_iam_policy_document.train.json
}

resource "aws_cloudwatch_log_resource_policy" "events" {
  policy_name = "titanic-events"
  policy_document = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "logs:PutLogEvents"
      Resource  = "*" # want "aws_cloudwatch_log_resource_policy.events allows \"logs:PutLogEvents\" on \"\\*\""
    }]
  })
}

variable "region" {
  type = string
}

variable "account" {
  type = string
}
