# Everything this stage takes from earlier ones, by the stage it comes from.

data "terraform_remote_state" "foundation" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/1_foundation/terraform.tfstate"
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

data "terraform_remote_state" "orchestration" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/6_orchestration/terraform.tfstate"
    region = local.region
  }
}

locals {
  # 1_foundation
  boundary_arn = data.terraform_remote_state.foundation.outputs.workload_boundary_arn
  data_key_arn = data.terraform_remote_state.foundation.outputs.data_key_arn
  logs_key_arn = data.terraform_remote_state.foundation.outputs.logs_key_arn
  store        = data.terraform_remote_state.foundation.outputs.store

  # 4_ml_training
  pipeline_name      = data.terraform_remote_state.ml_training.outputs.pipeline_name
  pipeline_steps     = data.terraform_remote_state.ml_training.outputs.pipeline_steps
  seal_function_name = data.terraform_remote_state.ml_training.outputs.seal_function_name

  # 5_serving
  endpoint_name    = data.terraform_remote_state.serving.outputs.endpoint_name
  endpoint_variant = data.terraform_remote_state.serving.outputs.endpoint_variant

  # 6_orchestration
  dead_letter_queue    = data.terraform_remote_state.orchestration.outputs.dead_letter_queue
  function_names       = data.terraform_remote_state.orchestration.outputs.function_names
  state_machine_arn    = data.terraform_remote_state.orchestration.outputs.state_machine_arn
  training_failed_rule = data.terraform_remote_state.orchestration.outputs.training_failed_rule
}
