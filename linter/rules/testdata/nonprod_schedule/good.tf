resource "aws_sagemaker_endpoint" "titanic" {
  name                 = "titanic"
  endpoint_config_name = "titanic"
}

resource "aws_scheduler_schedule" "evening" {
  name                = "titanic-evening"
  schedule_expression = "cron(0 20 * * ? *)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ EndpointName = "titanic" })
  }
}
