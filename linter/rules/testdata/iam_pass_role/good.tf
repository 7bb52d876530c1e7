resource "aws_iam_user_policy" "operator" {
  name = "titanic-operator"
  user = "operator"
  policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = [aws_iam_role.train.arn, "arn:aws:iam::111122223333:role/titanic-endpoint"]
      Condition = { StringEquals = { "iam:PassedToService" = ["sagemaker.amazonaws.com", "ecs-tasks.amazonaws.com"] } }
    }]
  })
}
