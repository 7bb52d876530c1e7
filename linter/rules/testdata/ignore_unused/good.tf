# titanicml-ignore: log_retention reason="kept for the audit"
resource "aws_cloudwatch_log_group" "a" {
  retention_in_days = 0
}

resource "aws_cloudwatch_log_group" "b" {
  retention_in_days = 0 # titanicml-ignore: log_retention reason="kept for the audit"
}
