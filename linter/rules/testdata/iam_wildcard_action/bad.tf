resource "aws_iam_role_policy" "train" {
  name = "titanic-train"
  role = aws_iam_role.train.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "s3:Get*", # want "aws_iam_role_policy.train allows \"s3:Get\\*\", which matches \\d+ actions"
          "s3:PutObject",
        ]
        Resource = "arn:aws:s3:::titanic-data/*"
      },
      {
        Effect   = "Allow"
        Action   = "SageMaker:*" # want "allows \"SageMaker:\\*\", which matches \\d+ actions, \\d+ of them write"
        Resource = "arn:aws:sagemaker:eu-west-1:111122223333:model/titanic"
      },
    ]
  })
}

data "aws_iam_policy_document" "endpoint" {
  statement {
    actions   = ["sagemaker:Invoke?ndpoint"] # want "aws_iam_policy.endpoint allows \"sagemaker:Invoke\\?ndpoint\", which matches 1 action"
    resources = [aws_sagemaker_endpoint.titanic.arn]
  }
}

resource "aws_iam_policy" "endpoint" {
  name   = "titanic-endpoint"
  policy = data.aws_iam_policy_document.endpoint.json
}

data "aws_iam_policy_document" "unused" {
  statement {
    actions   = ["iam:*"] # want "data.aws_iam_policy_document.unused allows \"iam:\\*\", which matches \\d+ actions, \\d+ of them permission management"
    resources = ["arn:aws:iam::111122223333:role/titanic"]
  }
}

resource "aws_s3_bucket_policy" "data" {
  bucket = "titanic-data"
  policy = "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":\"s3:*Object\",\"Resource\":\"${aws_s3_bucket.data.arn}/*\"}}" # want "aws_s3_bucket_policy.data allows \"s3:\\*Object\""
}

resource "aws_iam_role" "train" {
  name               = "titanic-train"
  assume_role_policy = file("trust.json")
  inline_policy {
    name   = "logs"
    policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "logs:Put*", Resource = "arn:aws:logs:eu-west-1:111122223333:log-group:/titanic:*" }] }) # want "aws_iam_role.train allows \"logs:Put\\*\""
  }
}

resource "aws_iam_policy" "boundary" {
  name   = "titanic-boundary"
  policy = jsonencode({ Statement = { Effect = "Allow", Action = "s3:Get*", Resource = "arn:aws:s3:::titanic/*" } }) # want "aws_iam_policy.boundary allows \"s3:Get\\*\""
}

resource "aws_iam_role_policy_attachment" "no_boundary" {
  role       = aws_iam_role.train.name
  policy_arn = aws_iam_policy.boundary.arn
}
