# The first candidate, so that there is something to serve before the pipeline has
# run for the first time. It stands at the same gate as every later one.

resource "titanicml_evaluation" "bootstrap" {
  name             = "${local.name}-bootstrap"
  dataset          = local.holdout.uri
  id_column        = "passenger_id"
  image            = local.workload_image
  model_sha256     = titanicml_training_run.bootstrap.artifact_sha256
  model_uri        = titanicml_training_run.bootstrap.artifact_uri
  resources        = { instance_type = var.instance_type }
  role_arn         = local.sagemaker_role_arn
  training_dataset = local.train.uri
  vpc_config       = { security_group_ids = [local.workload_security_group_id], subnets = local.subnet_ids }

  # As the pipeline's jobs: no network for the container, keys of 1_foundation.
  enable_inter_container_traffic_encryption = true
  enable_network_isolation                  = true
  kms_key_id                                = local.data_key_arn
  volume_kms_key_id                         = local.data_key_arn

  depends_on = [aws_cloudwatch_log_group.jobs, module.sagemaker_role]
}

resource "titanicml_model_version" "bootstrap" {
  artifact_sha256     = titanicml_training_run.bootstrap.artifact_sha256
  artifact_uri        = titanicml_training_run.bootstrap.artifact_uri
  description         = "Trained by Terraform, stage 4"
  evaluation          = titanicml_evaluation.bootstrap.id
  image               = local.workload_image
  instance_types      = local.serving_instance_types
  model_package_group = aws_sagemaker_model_package_group.survival.model_package_group_name
  training_run        = titanicml_training_run.bootstrap.id
}

resource "titanicml_training_run" "bootstrap" {
  name               = "${local.name}-bootstrap"
  hyperparameters    = local.hyperparameters
  image              = local.workload_image
  inputs             = { train = local.train.uri }
  max_runtime        = "1h"
  max_wait           = var.use_spot ? "2h" : null
  metric_definitions = [for metric in local.metrics : { name = metric, regex = "${metric}=([0-9.]+)" }]
  resources          = { instance_type = var.instance_type }
  role_arn           = local.sagemaker_role_arn
  use_spot           = var.use_spot
  vpc_config         = { security_group_ids = [local.workload_security_group_id], subnets = local.subnet_ids }

  # As the pipeline's jobs: no network for the container, keys of 1_foundation.
  enable_inter_container_traffic_encryption = true
  enable_network_isolation                  = true
  kms_key_id                                = local.data_key_arn
  volume_kms_key_id                         = local.data_key_arn

  depends_on = [aws_cloudwatch_log_group.jobs, module.sagemaker_role]
}
