# The one gate. Whatever comes here, from the pipeline or from stage 4, is decided by
# these requirements; nothing else in this project moves the champion.

resource "titanicml_promotion" "survival" {
  candidate           = local.candidate
  evaluation          = local.evaluation
  model_package_group = local.group
  on_rejection        = "fail"
  reason              = var.rollback_reason

  approval = {
    distinct_from_trainer = var.gate.approval
    required              = var.gate.approval
  }

  evidence = {
    leakage_check      = true
    max_age            = "168h"
    max_p95_latency_ms = 50
    min_examples       = 200
  }

  requirements = [
    { metric = "accuracy", min = var.gate.min_accuracy },
    { metric = "auc", min = var.gate.min_auc, confidence = 0.95 },
    { metric = "accuracy", versus_champion = { max_drop = var.gate.max_drop } },
    { metric = "recall", min = var.gate.min_recall },
    { metric = "accuracy", each_slice = "pclass", max_gap = var.gate.max_class_gap },
    { metric = "log_loss", max = var.gate.max_log_loss },
  ]
}

# A version of the pipeline is scored again beside the champion, on the same people:
# its own evidence cannot compare it with a champion it did not know. The digest that
# the pipeline sealed has to be the one of the artifact that is scored here.
resource "titanicml_evaluation" "candidate" {
  count = local.evaluates ? 1 : 0

  name             = "${local.name}-candidate"
  baseline_group   = local.group
  dataset          = local.evaluation_dataset.holdout_uri
  id_column        = "passenger_id"
  image            = local.workload_image
  model_sha256     = local.registered.artifact_sha256
  model_uri        = local.registered.artifact_uri
  role_arn         = local.sagemaker_role_arn
  training_dataset = local.evaluation_dataset.train_uri
  vpc_config       = { security_group_ids = [local.workload_security_group_id], subnets = local.subnet_ids }

  enable_inter_container_traffic_encryption = true
  enable_network_isolation                  = true
  kms_key_id                                = local.data_key_arn
  volume_kms_key_id                         = local.data_key_arn
}

data "titanicml_model_versions" "survival" {
  model_package_group = local.group
}

locals {
  candidate  = coalesce(var.candidate, local.bootstrap_version_arn)
  evaluates  = local.candidate != local.bootstrap_version_arn && var.rollback_reason == null
  evaluation = var.rollback_reason != null ? null : local.evaluates ? titanicml_evaluation.candidate[0].id : local.bootstrap_evaluation
  registered = one([for version in data.titanicml_model_versions.survival.versions : version if version.arn == var.candidate])
}
