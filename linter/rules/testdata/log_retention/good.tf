variable "days" {
  type = number
}

resource "aws_cloudwatch_log_group" "train" {
  name              = "/aws/sagemaker/TrainingJobs"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "serve" {
  name              = "/aws/sagemaker/Endpoints"
  retention_in_days = var.days
}
