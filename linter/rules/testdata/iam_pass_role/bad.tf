resource "aws_iam_user_policy" "operator" {
  name = "titanic-operator"
  user = "operator"
  policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = "*" # want "aws_iam_user_policy.operator allows iam:PassRole on \"\\*\"; name the execution role's ARN"
        Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
      },
      {
        Effect   = "Allow"
        Action   = ["sagemaker:CreateModel", "iam:PassRole"]                            # want "allows iam:PassRole to every service; add a condition StringEquals on iam:PassedToService"
        Resource = [aws_iam_role.train.arn, "arn:aws:iam::111122223333:role/titanic-*"] # want "allows iam:PassRole on \"arn:aws:iam::111122223333:role/titanic-\\*\""
      },
    ]
  })
}
