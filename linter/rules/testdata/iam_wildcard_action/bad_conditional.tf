variable "env" {
  type = string
}

resource "aws_iam_policy" "added" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = concat(["s3:GetObject"], var.env == "dev" ? ["s3:Put*"] : []) # want "s3:Put.*, when var.env is \"dev\"; list"
      Resource = "arn:aws:s3:::data/titanic.csv"
    }]
  })
}

resource "aws_iam_policy" "always" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:Get*" # want "s3:Get[^,]*, which matches [^;w]*; list"
      Resource = var.env == "dev" ? "arn:aws:s3:::data/titanic.csv" : "arn:aws:s3:::other/titanic.csv"
    }]
  })
}
