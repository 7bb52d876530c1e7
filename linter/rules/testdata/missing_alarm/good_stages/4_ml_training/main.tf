resource "aws_sfn_state_machine" "train" {
  name       = "titanic"
  definition = jsonencode({ States = { Train = { Resource = "arn:aws:states:::sagemaker:createTrainingJob.sync" } } })
}
