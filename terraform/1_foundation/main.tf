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
  store        = "s3://${local.store}/titanicml"
}

locals {
  account_id = var.project.account_ids[var.env]
  audit      = "titanic-${var.env}-audit-${local.account_id}"
  name       = "titanic-${var.env}"
  region     = var.project.region
  state      = "titanic-${var.env}-state-${local.account_id}"
  store      = "titanic-${var.env}-store-${local.account_id}"

  # What AWS has once per account belongs to dev where both share an account.
  owns_account = var.env == "dev" || var.project.account_ids.dev != var.project.account_ids.prod

  # For policies: names are known before anything exists, so a plan shows every
  # policy in full.
  arn = {
    autoscaling    = "arn:aws:application-autoscaling:${local.region}:${local.account_id}"
    cloudwatch     = "arn:aws:cloudwatch:${local.region}:${local.account_id}"
    ec2            = "arn:aws:ec2:${local.region}:${local.account_id}"
    ecr            = "arn:aws:ecr:${local.region}:${local.account_id}"
    ecs            = "arn:aws:ecs:${local.region}:${local.account_id}"
    events         = "arn:aws:events:${local.region}:${local.account_id}"
    iam            = "arn:aws:iam::${local.account_id}"
    lambda         = "arn:aws:lambda:${local.region}:${local.account_id}"
    logs           = "arn:aws:logs:${local.region}:${local.account_id}"
    sagemaker      = "arn:aws:sagemaker:${local.region}:${local.account_id}"
    scheduler      = "arn:aws:scheduler:${local.region}:${local.account_id}"
    secretsmanager = "arn:aws:secretsmanager:${local.region}:${local.account_id}"
    sns            = "arn:aws:sns:${local.region}:${local.account_id}"
    sqs            = "arn:aws:sqs:${local.region}:${local.account_id}"
    states         = "arn:aws:states:${local.region}:${local.account_id}"
  }

  tags = {
    cost_center = var.project.cost_center
    env         = var.env
    managed_by  = "terraform"
    owner       = var.project.owner
    project     = "titanic-sagemaker"
  }
}
