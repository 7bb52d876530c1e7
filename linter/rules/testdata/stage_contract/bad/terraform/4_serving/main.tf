terraform {
  backend "s3" {}
}

data "terraform_remote_state" "all" {
  for_each = toset(["2_networking", "3_data"])
  backend  = "s3"
  config   = { key = "dev/${each.key}/terraform.tfstate" }
}

locals {
  net = data.terraform_remote_state.all["2_networking"].outputs.net
}

resource "titanicml_stage" "this" {
  number = 3 # want "titanicml_stage.this has number 3 in the folder of stage 4"
  name   = "serving"
}

output "x" {
  value = [local.net.log_groups, data.terraform_remote_state.all["3_data"].outputs.bucket] # want "outputs.net has no key \"log_groups\" in stage 2_networking; did you mean \"log_group\"" "outputs.bucket is no output of stage 3_data"
}
