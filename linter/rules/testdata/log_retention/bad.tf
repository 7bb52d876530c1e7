resource "aws_cloudwatch_log_group" "train" { # want "aws_cloudwatch_log_group.train keeps its events forever"
  name = "/aws/sagemaker/TrainingJobs"
}

resource "aws_cloudwatch_log_group" "serve" {
  name              = "/aws/sagemaker/Endpoints"
  retention_in_days = 0 # want "keeps its events forever"
}

variable "days" {
  default = 1
}

resource "aws_cloudwatch_log_group" "short" {
  retention_in_days = var.days # want "for 1 day; set retention_in_days between 7 and 400"
}
