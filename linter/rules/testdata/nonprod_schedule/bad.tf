resource "aws_sagemaker_endpoint" "titanic" { # want "aws_sagemaker_endpoint.titanic runs day and night outside production; add a schedule"
  name                 = "titanic"
  endpoint_config_name = "titanic"
}

resource "aws_scheduler_schedule" "retrain" {
  name                = "titanic-retrain"
  schedule_expression = "rate(7 days)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sfn_state_machine.train.arn
    role_arn = aws_iam_role.schedule.arn
  }
}

resource "aws_scheduler_schedule" "stop" {
  name                = "titanic-stop"
  state               = "DISABLED"
  schedule_expression = "cron(0 20 * * ? *)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
    role_arn = aws_iam_role.schedule.arn
  }
}

# What an event starts is no schedule.
resource "aws_cloudwatch_event_rule" "stop_on_alarm" {
  name          = "titanic-stop-on-alarm"
  event_pattern = jsonencode({ source = ["aws.cloudwatch"] })
}
