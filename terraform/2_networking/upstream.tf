# Everything this stage takes from earlier ones, by the stage it comes from.

data "terraform_remote_state" "foundation" {
  backend = "s3"

  config = {
    bucket = "titanic-${var.env}-state-${local.account_id}"
    key    = "${var.env}/1_foundation/terraform.tfstate"
    region = local.region
  }
}

locals {
  # 1_foundation
  boundary_arn = data.terraform_remote_state.foundation.outputs.workload_boundary_arn
  logs_key_arn = data.terraform_remote_state.foundation.outputs.logs_key_arn
  store        = data.terraform_remote_state.foundation.outputs.store
}
