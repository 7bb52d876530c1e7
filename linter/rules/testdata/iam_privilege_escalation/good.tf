resource "aws_iam_policy" "ci" {
  name = "titanic-ci"
  policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "iam:AttachRolePolicy"
        Resource  = "arn:aws:iam::111122223333:role/*"
        Condition = { ArnEquals = { "iam:PolicyARN" = "arn:aws:iam::111122223333:policy/titanic-data" } }
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = "*"
        Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
      },
      {
        Effect   = "Allow"
        Action   = ["lambda:CreateFunction", "iam:CreatePolicyVersion"]
        Resource = ["arn:aws:lambda:eu-west-1:111122223333:function:titanic", aws_iam_policy.data.arn]
      },
    ]
  })
}

resource "aws_iam_role_policy" "pass" {
  name = "pass"
  role = aws_iam_role.builder.id
  policy = jsonencode({
    Statement = {
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "*"
      Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
    }
  })
}

resource "aws_iam_role_policy" "another_role" {
  name   = "jobs"
  role   = aws_iam_role.trainer.id
  policy = jsonencode({ Statement = { Effect = "Allow", Action = "sagemaker:CreateTrainingJob", Resource = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/titanic-*" } })
}
