variable "env" {
  type = string
}

locals {
  prod = var.env == "prod"
}

# Both follow one condition: the wildcard stands only where no action takes a resource.
resource "aws_iam_policy" "together" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = local.prod ? ["ecr:GetAuthorizationToken"] : ["s3:GetObject"]
      Resource = var.env != "prod" ? "arn:aws:s3:::data/titanic.csv" : "*"
    }]
  })
}

# The two conditions exclude each other.
resource "aws_iam_policy" "apart" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = var.env == "prod" ? "Allow" : "Deny"
      Action   = "s3:GetObject"
      Resource = var.env == "dev" ? "*" : "arn:aws:s3:::data/titanic.csv"
    }]
  })
}
