resource "aws_iam_policy" "data" {
  name = "titanic-data"
  policy = jsonencode({
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::titanic-data/*" },
      { Effect = "Deny", Action = "*", Resource = "*" },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "read" {
  role       = "titanic-train"
  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"
}
