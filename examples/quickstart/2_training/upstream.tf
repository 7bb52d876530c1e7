# What this stage takes from stage 1.

data "terraform_remote_state" "data" {
  backend = "local"
  config  = { path = "../1_data/terraform.tfstate" }
}

locals {
  holdout_uri = data.terraform_remote_state.data.outputs.holdout_uri
  train_uri   = data.terraform_remote_state.data.outputs.train_uri
}
