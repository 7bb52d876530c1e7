resource "aws_ecs_service" "api" {
  name = "titanic"
}

resource "aws_cloudwatch_event_rule" "evening" {
  name                = "titanic-evening"
  schedule_expression = "cron(0 20 * * ? *)"
}

resource "aws_cloudwatch_event_target" "evening" {
  rule = aws_cloudwatch_event_rule.evening.name
  arn  = aws_lambda_function.stop_services.arn
}
