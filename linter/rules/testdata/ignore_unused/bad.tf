# want(+1) "ignore of log_retention matches no finding; remove it"
# titanicml-ignore: log_retention reason="kept for the audit"
resource "aws_cloudwatch_log_group" "a" {
  retention_in_days = 30
}
