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

data "terraform_remote_state" "data" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/3_data/terraform.tfstate"
    region = local.region
  }
}

locals {
  # 1_foundation
  boundary_arn = data.terraform_remote_state.foundation.outputs.workload_boundary_arn
  data_key_arn = data.terraform_remote_state.foundation.outputs.data_key_arn
  logs_key_arn = data.terraform_remote_state.foundation.outputs.logs_key_arn
  owns_account = data.terraform_remote_state.foundation.outputs.owns_account
  store        = data.terraform_remote_state.foundation.outputs.store

  # 2_networking
  subnet_ids                 = data.terraform_remote_state.networking.outputs.subnet_ids
  workload_security_group_id = data.terraform_remote_state.networking.outputs.workload_security_group_id

  # 3_data
  artifacts_bucket = data.terraform_remote_state.data.outputs.artifacts_bucket
  datasets_bucket  = data.terraform_remote_state.data.outputs.datasets_bucket
  holdout          = data.terraform_remote_state.data.outputs.holdout
  raw_data_uri     = data.terraform_remote_state.data.outputs.raw_data_uri
  repository_arn   = data.terraform_remote_state.data.outputs.workload_repository_arn
  train            = data.terraform_remote_state.data.outputs.train
  workload_image   = data.terraform_remote_state.data.outputs.workload_image
}
