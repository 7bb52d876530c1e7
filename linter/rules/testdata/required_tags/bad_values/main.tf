locals {
  env = "staging"
}

resource "aws_sqs_queue" "jobs" {
  tags = {
    env   = local.env # want(-5) "tag env = \"staging\" is not one of dev, prod"
    owner = "ML Ops" # want "tag owner = \"ML Ops\" does not match"
  }
}

resource "awscc_s3_bucket" "data" {
  tags = [{ key = "env", value = "dev" }] # want "lacks the tag owner"
}
