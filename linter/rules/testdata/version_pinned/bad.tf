terraform {
  required_version = ">= 1.8" # want "required_version \">= 1.8\" has no upper bound"

  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 6.0" } # want "provider aws version \">= 6.0\" has no upper bound"
    null   = { source = "hashicorp/null", version = "!= 3.1.0" } # want "provider null version \"!= 3.1.0\" has no upper bound"
    random = { source = "hashicorp/random" } # want "provider random has no version constraint"
  }
}

resource "local_file" "x" {} # want "provider local has no entry in required_providers"

data "http" "status" { # want "provider http has no entry in required_providers"
  url = "https://example.com/status"
}

module "vpc" {
  source = "terraform-aws-modules/vpc/aws" # want "module \"vpc\" takes the newest version"
}

module "net" {
  source = "git::https://example.com/net.git" # want "follows the default branch"
}

module "iam" {
  source = "git::https://example.com/iam.git?ref=main" # want "follows the branch main"
}

module "mercurial" {
  source = "hg::http://example.org/network.hg" # want "module \"mercurial\" follows the default branch"
}

module "empty" {
  source = "git::https://example.org/network.git?ref=" # want "module \"empty\" follows the default branch"
}
