variable "prod" {
  type = bool
}

resource "aws_cloudwatch_log_group" "dev" {
  retention_in_days = var.prod ? 90 : 0 # want "keeps its events forever, when var.prod is false; set"
}

resource "aws_cloudwatch_log_group" "both" {
  retention_in_days = var.prod ? 3653 : 1 # want "3653 days, when var.prod is true" "1 day, when var.prod is false"
}
