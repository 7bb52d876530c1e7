terraform {
  required_version = ">= 1.8, < 2.0"

  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.25" }
  }
}

resource "aws_s3_bucket" "data" {}

resource "terraform_data" "x" {}

module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 6.0"
}

module "net" {
  source = "git::https://example.com/net.git?ref=v1.2.3"
}
