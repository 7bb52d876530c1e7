# Written last: the ledger says that this stage was applied, from which sources. It
# is refused until stage 3 was applied from the sources beside this one.

resource "titanicml_stage" "this" {
  name       = "ml_training"
  number     = 4
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/02-training-validation.md"
  ledger     = "${local.store}/stages/${var.env}"
  source_dir = path.module

  outputs = {
    bootstrap_version_arn = titanicml_model_version.bootstrap.arn
    model_package_group   = aws_sagemaker_model_package_group.survival.model_package_group_name
    pipeline_name         = aws_sagemaker_pipeline.survival.pipeline_name
  }

  depends_on = [
    aws_cloudwatch_log_group.jobs,
    aws_sagemaker_model_package_group.survival,
    aws_sagemaker_model_package_group_policy.survival,
    aws_sagemaker_pipeline.survival,
    module.sagemaker_role,
    module.seal,
    titanicml_evaluation.bootstrap,
    titanicml_model_version.bootstrap,
    titanicml_training_run.bootstrap,
  ]
}
