output "artifacts_bucket" {
  description = "Bucket of the pipeline's models and reports."
  value       = module.artifacts_bucket.name
}

output "datasets_bucket" {
  description = "Bucket of deliveries (incoming/), checked data (raw/) and splits (curated/)."
  value       = module.datasets_bucket.name
}

output "etl_cluster_arn" {
  description = "ECS cluster of the ETL task."
  value       = aws_ecs_cluster.etl.arn
}

output "etl_log_group" {
  description = "Log group of the ETL task."
  value       = aws_cloudwatch_log_group.etl.name
}

output "etl_role_arns" {
  description = "Roles that whoever starts the ETL task passes to ECS."
  value       = [module.etl_execution_role.arn, module.etl_task_role.arn]
}

output "etl_security_group_id" {
  description = "Security group of the ETL task."
  value       = local.workload_security_group_id
}

output "etl_subnet_ids" {
  description = "Subnets of the ETL task."
  value       = local.subnet_ids
}

output "etl_task_definition" {
  description = "Family of the ETL task definition."
  value       = aws_ecs_task_definition.etl.family
}

output "holdout" {
  description = "The held-out part: where it lies and what is in it."
  value       = { sha256 = titanicml_dataset.holdout.sha256, uri = titanicml_dataset.holdout.uri }
}

output "logs_bucket" {
  description = "Bucket of the access logs."
  value       = module.logs_bucket.name
}

output "raw_data_uri" {
  description = "The checked data the pipeline starts from."
  value       = local.raw_data_uri
}

output "train" {
  description = "The training part: where it lies and what is in it."
  value       = { sha256 = titanicml_dataset.train.sha256, uri = titanicml_dataset.train.uri }
}

output "workload_image" {
  description = "Image of training, evaluation and serving."
  value       = "${local.registry}/${aws_ecr_repository.images["workload"].name}:${var.image_tag}"
}

output "workload_repository_arn" {
  description = "Repository of the workload image."
  value       = aws_ecr_repository.images["workload"].arn
}
