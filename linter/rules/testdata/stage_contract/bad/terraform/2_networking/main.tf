terraform { # want "stage 2_networking has no titanicml_stage"
  backend "s3" {
    key = "dev/1_foundation/terraform.tfstate" # want "stage 2_networking keeps its state under \"dev/1_foundation/terraform.tfstate\", where stage 1_foundation has its own"
  }
}

data "terraform_remote_state" "foundation" {
  backend = "s3"
  config  = { bucket = "state-${var.env}", key = "${var.env}/1_foundation/terraform.tfstate" }
}

data "titanicml_stage" "previous" {
  number = 1
}

data "terraform_remote_state" "later" {
  backend = "s3"
  config  = { key = "dev/3_data/terraform.tfstate" } # want "data.terraform_remote_state.later reads 3_data, which is applied after stage 2_networking"
}

data "terraform_remote_state" "self" {
  backend = "s3"
  config  = { key = "dev/2_networking/terraform.tfstate" } # want "data.terraform_remote_state.self reads stage 2_networking in itself"
}

data "terraform_remote_state" "gone" {
  backend = "s3"
  config  = { key = "${var.env}/5_ml_training/terraform.tfstate" } # want "data.terraform_remote_state.gone reads stage 5_ml_training, which does not exist"
}

data "terraform_remote_state" "foreign" {
  backend = "s3"
  config  = { key = "network.tfstate" } # want "reads the state \"network.tfstate\", which belongs to no stage"
}

data "titanicml_stage" "next" {
  number = 3 # want "data.titanicml_stage.next reads 3_data, which is applied after stage 2_networking"
}

module "etl" {
  source = "../3_data/etl" # want "module.etl is taken from 3_data, which is applied after stage 2_networking"
}

locals {
  subnets = data.terraform_remote_state.foundation.outputs.subnet_ids
}

resource "aws_cloudwatch_log_group" "flow" {
  name       = "flow-${local.subnets}"                                        # want "outputs.subnet_ids is a list in stage 1_foundation, and a plain value is wanted here"
  kms_key_id = data.terraform_remote_state.foundation.outputs.logs_key        # want "data.terraform_remote_state.foundation.outputs.logs_key is no output of stage 1_foundation"
}

resource "aws_db_subnet_group" "main" {
  subnet_ids = data.terraform_remote_state.foundation.outputs.logs_key_arn # want "outputs.logs_key_arn is a plain value in stage 1_foundation, and a list is wanted here"
}

resource "aws_sns_topic" "main" {
  name = data.titanicml_stage.previous.outputs.logs # want "outputs.logs is not among the outputs in the titanicml_stage of 1_foundation"
}

module "net" {
  source     = "../modules/net"
  subnet_ids = data.terraform_remote_state.foundation.outputs.logs_key_arn # want "is a plain value in stage 1_foundation, and a list is wanted here"
}

output "net" {
  value = { log_group = aws_cloudwatch_log_group.flow.name, first = local.subnets.first } # want "outputs.subnet_ids is a list in stage 1_foundation; \"first\" is no index of it"
}

variable "env" {}
