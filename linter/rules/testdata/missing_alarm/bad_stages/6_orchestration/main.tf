resource "aws_sfn_state_machine" "train" { # want "aws_sfn_state_machine.train trains, and no EventBridge rule"
  name       = "titanic"
  definition = jsonencode({ States = { Train = { Resource = "arn:aws:states:::sagemaker:createTrainingJob.sync" } } })
}
