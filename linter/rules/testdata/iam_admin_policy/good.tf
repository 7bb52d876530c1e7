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

# A policy of one's own may have any name; what it allows is looked at where it is written.
resource "aws_iam_role_policy_attachment" "own" {
  role       = "titanic-train"
  policy_arn = "arn:aws:iam::123456789012:policy/AdministratorAccess"
}
