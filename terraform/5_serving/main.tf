terraform {
  required_version = ">= 1.10.0, < 2.0.0"

  # The rest (bucket, key, region, kms_key_id) differs per environment and comes
  # from `go run ./scripts/stages backend`, which reads project.tfvars.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.46.0, < 7.0.0"
    }

    titanicml = {
      source  = "titanicml/titanicml"
      version = ">= 0.1.0, < 1.0.0"
    }
  }
}

provider "aws" {
  allowed_account_ids = [local.account_id]
  region              = var.project.region

  default_tags {
    tags = local.tags
  }
}

provider "titanicml" {
  default_tags = local.tags
  endpoints    = var.titanicml.endpoints
  engine       = var.titanicml.engine
  environment  = var.env
  local        = var.titanicml.local
  region       = local.region
  store        = local.store
}

locals {
  account_id = var.project.account_ids[var.env]
  name       = "titanic-${var.env}"
  region     = var.project.region

  tags = {
    cost_center = var.project.cost_center
    env         = var.env
    managed_by  = "terraform"
    owner       = var.project.owner
    project     = "titanic-sagemaker"
  }
}
