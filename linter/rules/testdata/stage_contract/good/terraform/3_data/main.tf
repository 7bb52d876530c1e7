terraform {
  backend "local" {
    path = "terraform.tfstate"
  }
}

data "terraform_remote_state" "upstream" {
  for_each = toset(["1_foundation", "2_networking"])
  backend  = "local"
  config   = { path = "../${each.key}/terraform.tfstate" }
}

locals {
  net  = data.terraform_remote_state.upstream["2_networking"].outputs.net
  name = "data-${local.net.log_group}"
}

resource "titanicml_stage" "this" {
  number = 3
  name   = "3_data"
}

output "name" {
  value = "${local.name}-${data.terraform_remote_state.upstream["1_foundation"].outputs.owner}"
}
