variable "prod" {
  type = bool
}

resource "aws_cloudwatch_log_group" "either" {
  retention_in_days = var.prod ? 90 : 14
}
