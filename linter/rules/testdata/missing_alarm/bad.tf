resource "aws_sagemaker_pipeline" "train" { # want "aws_sagemaker_pipeline.train trains, and no EventBridge rule or alarm tells of failed jobs"
  pipeline_name = "titanic"
}

resource "aws_sagemaker_endpoint" "titanic" { # want "aws_sagemaker_endpoint.titanic serves, and no alarm tells of its errors" "aws_sagemaker_endpoint.titanic costs by the hour, and nobody is told what it costs"
  name                 = "titanic"
  endpoint_config_name = "titanic"
}

resource "aws_cloudwatch_event_rule" "completed" {
  name          = "titanic-completed"
  event_pattern = jsonencode({ "detail-type" = ["SageMaker Training Job State Change"], detail = { TrainingJobStatus = ["Completed"] } })
}

resource "aws_cloudwatch_event_rule" "no_target" {
  name          = "titanic-failed"
  event_pattern = jsonencode({ "detail-type" = ["SageMaker Training Job State Change"], detail = { TrainingJobStatus = ["Failed"] } })
}

resource "aws_cloudwatch_event_target" "completed" {
  rule = aws_cloudwatch_event_rule.completed.name
  arn  = aws_sns_topic.ops.arn
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name  = "titanic-latency"
  namespace   = "AWS/SageMaker"
  metric_name = "ModelLatency"
}

# Switched off, so they tell nobody.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name      = "titanic-errors"
  namespace       = "AWS/SageMaker"
  metric_name     = "Invocation5XXErrors"
  actions_enabled = false
}

resource "aws_cloudwatch_event_rule" "off" {
  name          = "titanic-off"
  state         = "DISABLED"
  event_pattern = jsonencode({ "detail-type" = ["SageMaker Training Job State Change"], detail = { TrainingJobStatus = ["Failed"] } })
}

resource "aws_cloudwatch_event_target" "off" {
  rule = aws_cloudwatch_event_rule.off.name
  arn  = aws_sns_topic.ops.arn
}
