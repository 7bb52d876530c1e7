terraform {
  backend "s3" {}
}

data "terraform_remote_state" "other" {
  backend = "s3"
  config  = { bucket = "state", key = var.key }
}

resource "titanicml_stage" "this" {
  number = 4
  name   = "unknown"
}

output "x" {
  value = data.terraform_remote_state.other.outputs.anything
}

variable "key" {}
