resource "aws_sfn_state_machine" "train" {
  name       = "titanic"
  definition = jsonencode({ States = { Train = { Resource = "arn:aws:states:::sagemaker:createTrainingJob.sync" } } })
}

resource "aws_sagemaker_endpoint" "titanic" {
  name                 = "titanic"
  endpoint_config_name = "titanic"
}

resource "aws_cloudwatch_event_rule" "failed" {
  name          = "titanic-failed"
  event_pattern = jsonencode({ source = ["aws.sagemaker"], "detail-type" = ["SageMaker Training Job State Change"], detail = { TrainingJobStatus = ["Failed", "Stopped"] } })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sns_topic.ops.arn
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name = "titanic-errors"
  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/SageMaker"
      metric_name = "Invocation5XXErrors"
      period      = 60
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "charges" {
  alarm_name  = "charges"
  namespace   = "AWS/Billing"
  metric_name = "EstimatedCharges"
}
