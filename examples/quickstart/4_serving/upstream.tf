# What this stage takes from stage 3.

data "terraform_remote_state" "promotion" {
  backend = "local"
  config  = { path = "../3_promotion/terraform.tfstate" }
}

locals {
  serving = data.terraform_remote_state.promotion.outputs.serving
}
