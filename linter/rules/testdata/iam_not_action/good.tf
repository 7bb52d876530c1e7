resource "aws_iam_group_policy" "science" {
  name  = "titanic-science"
  group = "science"
  policy = jsonencode({
    Statement = [
      {
        Effect    = "Deny"
        NotAction = ["s3:*", "sagemaker:*"]
        Resource  = "*"
      },
      {
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:aws:s3:::titanic-data/*"
      },
    ]
  })
}
