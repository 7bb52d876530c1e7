# Everything this stage takes from earlier ones, by the stage it comes from.

data "terraform_remote_state" "foundation" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/1_foundation/terraform.tfstate"
    region = local.region
  }
}

data "terraform_remote_state" "networking" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/2_networking/terraform.tfstate"
    region = local.region
  }
}

data "terraform_remote_state" "ml_training" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/4_ml_training/terraform.tfstate"
    region = local.region
  }
}

locals {
  # 1_foundation
  boundary_arn      = data.terraform_remote_state.foundation.outputs.workload_boundary_arn
  data_key_arn      = data.terraform_remote_state.foundation.outputs.data_key_arn
  logs_key_arn      = data.terraform_remote_state.foundation.outputs.logs_key_arn
  operator_role_arn = data.terraform_remote_state.foundation.outputs.operator_role_arn
  store             = data.terraform_remote_state.foundation.outputs.store

  # 2_networking
  subnet_ids                 = data.terraform_remote_state.networking.outputs.subnet_ids
  workload_security_group_id = data.terraform_remote_state.networking.outputs.workload_security_group_id

  # 4_ml_training
  bootstrap_evaluation  = data.terraform_remote_state.ml_training.outputs.bootstrap_evaluation
  bootstrap_version_arn = data.terraform_remote_state.ml_training.outputs.bootstrap_version_arn
  evaluation_dataset    = data.terraform_remote_state.ml_training.outputs.evaluation_dataset
  group                 = data.terraform_remote_state.ml_training.outputs.model_package_group
  sagemaker_role_arn    = data.terraform_remote_state.ml_training.outputs.sagemaker_role_arn
  workload_image        = data.terraform_remote_state.ml_training.outputs.workload_image
}
