terraform {
  backend "s3" {}
}

data "terraform_remote_state" "foundation" {
  backend = "s3"
  config  = { bucket = "state-${var.env}", key = "${var.env}/1_foundation/terraform.tfstate" }
}

data "titanicml_stage" "previous" {
  number = 2 - 1
}

locals {
  foundation = data.terraform_remote_state.foundation.outputs
}

resource "aws_cloudwatch_log_group" "flow" {
  name       = "flow-${local.foundation.owner}"
  kms_key_id = local.foundation.logs_key_arn
}

resource "aws_db_subnet_group" "main" {
  subnet_ids = data.terraform_remote_state.foundation.outputs.subnet_ids
}

module "net" {
  source     = "../modules/net"
  subnet_ids = local.foundation.subnet_ids
}

resource "titanicml_stage" "this" {
  number     = 2
  name       = "networking"
  source_dir = path.module
  depends_on = [aws_cloudwatch_log_group.flow, aws_db_subnet_group.main, module.net]
}

output "net" {
  value = { log_group = aws_cloudwatch_log_group.flow.name, key = data.titanicml_stage.previous.outputs.logs_key_arn }
}

variable "env" {}
