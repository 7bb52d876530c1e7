resource "aws_iam_policy" "ci" {
  name = "titanic-ci"
  policy = jsonencode({
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["iam:AttachRolePolicy", "iam:GetRole"]
        Resource = "arn:aws:iam::111122223333:role/*" # want "aws_iam_policy.ci allows iam:AttachRolePolicy on \"arn:aws:iam::111122223333:role/\\*\", with which its holder attaches any policy"
      },
      {
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = "*" # want "allows iam:PassRole on \"\\*\" together with lambda:CreateFunction and sagemaker:CreateTrainingJob, so its holder can run code with the rights of any such role"
      },
      {
        Effect   = "Allow"
        Action   = ["lambda:CreateFunction", "sagemaker:CreateTraining*"]
        Resource = ["arn:aws:lambda:eu-west-1:111122223333:function:titanic", "arn:aws:sagemaker:eu-west-1:111122223333:training-job/titanic-*"]
      },
      {
        Effect   = "Deny"
        Action   = "iam:*"
        Resource = "*"
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
      Resource  = "arn:aws:iam::111122223333:role/*" # want "aws_iam_role.builder allows iam:PassRole on \"arn:aws:iam::111122223333:role/\\*\" together with sagemaker:CreateTrainingJob"
      Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
    }
  })
}

resource "aws_iam_role_policy_attachment" "jobs" {
  role       = aws_iam_role.builder.name
  policy_arn = aws_iam_policy.jobs.arn
}

resource "aws_iam_policy" "jobs" {
  name   = "jobs"
  policy = jsonencode({ Statement = { Effect = "Allow", Action = "sagemaker:CreateTrainingJob", Resource = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/titanic-*" } })
}
