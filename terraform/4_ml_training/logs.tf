# SageMaker writes every job of the account into these two groups and would make
# them without retention. They belong to the environment that owns the account.

resource "aws_cloudwatch_log_group" "jobs" {
  for_each = local.owns_account ? local.job_log_groups : toset([])

  name              = each.value
  kms_key_id        = local.logs_key_arn
  retention_in_days = var.log_retention_days
}

locals {
  job_log_groups = toset(["/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs"])
}
