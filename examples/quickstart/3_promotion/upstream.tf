# What this stage takes from stage 2.

data "terraform_remote_state" "training" {
  backend = "local"
  config  = { path = "../2_training/terraform.tfstate" }
}

locals {
  training = data.terraform_remote_state.training.outputs
}
