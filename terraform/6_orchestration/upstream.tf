# Everything this stage takes from earlier ones, by the stage it comes from.

data "terraform_remote_state" "foundation" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/1_foundation/terraform.tfstate"
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

data "terraform_remote_state" "ml_training" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/4_ml_training/terraform.tfstate"
    region = local.region
  }
}

data "terraform_remote_state" "serving" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/5_serving/terraform.tfstate"
    region = local.region
  }
}

locals {
  # 1_foundation
  boundary_arn = data.terraform_remote_state.foundation.outputs.workload_boundary_arn
  data_key_arn = data.terraform_remote_state.foundation.outputs.data_key_arn
  logs_key_arn = data.terraform_remote_state.foundation.outputs.logs_key_arn
  store        = data.terraform_remote_state.foundation.outputs.store

  # 3_data
  datasets_bucket       = data.terraform_remote_state.data.outputs.datasets_bucket
  etl_security_group_id = data.terraform_remote_state.data.outputs.etl_security_group_id
  etl_subnet_ids        = data.terraform_remote_state.data.outputs.etl_subnet_ids
  etl_task_definition   = data.terraform_remote_state.data.outputs.etl_task_definition

  # 4_ml_training
  group         = data.terraform_remote_state.ml_training.outputs.model_package_group
  pipeline_name = data.terraform_remote_state.ml_training.outputs.pipeline_name

  # 5_serving
  endpoint_name    = data.terraform_remote_state.serving.outputs.endpoint_name
  suspends_at_rest = data.terraform_remote_state.serving.outputs.costs_at_rest
}
