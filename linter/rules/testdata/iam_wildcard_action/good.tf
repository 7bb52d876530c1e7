variable "service" {
  type = string
}

resource "aws_iam_role_policy" "train" {
  name = "titanic-train"
  role = aws_iam_role.train.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "arn:aws:s3:::titanic-data/*"
      },
      {
        Effect   = "Deny"
        Action   = "s3:*"
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = "${var.service}:DescribeModel"
        Resource = "arn:aws:sagemaker:eu-west-1:111122223333:model/titanic"
      },
    ]
  })
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.eu-west-1.s3"
  policy = jsonencode({
    Statement = { Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "*" }
  })
}

resource "aws_iam_policy" "boundary" {
  name   = "titanic-boundary"
  policy = jsonencode({ Statement = { Effect = "Allow", Action = ["s3:*", "sagemaker:*"], Resource = "*" } })
}

resource "aws_iam_policy" "limit" {
  name   = "titanic-limit"
  policy = jsonencode({ Statement = { Effect = "Allow", Action = ["s3:*", "iam:*"], Resource = "*" } })
}

resource "aws_iam_user" "operator" {
  name                 = "operator"
  permissions_boundary = aws_iam_policy.limit.arn
}

data "aws_iam_policy_document" "endpoint" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

resource "aws_vpc_endpoint_policy" "each" {
  for_each        = { s3 = data.aws_iam_policy_document.endpoint.json }
  vpc_endpoint_id = each.key
  policy          = each.value
}
