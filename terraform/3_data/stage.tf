# Written last: the ledger says that this stage was applied, from which sources. It
# is refused until stage 2 was applied from the sources beside this one.

resource "titanicml_stage" "this" {
  name       = "data"
  number     = 3
  dev_ledger = var.env == "prod" ? "s3://titanic-dev-store-${var.project.account_ids.dev}/titanicml/stages/dev" : null
  evidence   = "${path.module}/../../docs/01-data-ingestion.md"
  ledger     = "${local.store}/stages/${var.env}"
  source_dir = path.module

  outputs = {
    datasets_bucket = module.datasets_bucket.name
    raw_data_uri    = local.raw_data_uri
    workload_image  = "${local.registry}/${aws_ecr_repository.images["workload"].name}:${var.image_tag}"
  }

  depends_on = [
    aws_cloudwatch_log_group.etl,
    aws_ecr_lifecycle_policy.images,
    aws_ecr_repository.images,
    aws_ecs_cluster.etl,
    aws_ecs_cluster_capacity_providers.etl,
    aws_ecs_task_definition.etl,
    aws_s3_bucket_notification.datasets,
    module.artifacts_bucket,
    module.datasets_bucket,
    module.etl_execution_role,
    module.etl_task_role,
    module.logs_bucket,
    titanicml_dataset.holdout,
    titanicml_dataset.train,
  ]
}
