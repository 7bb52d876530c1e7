terraform {
  required_providers {
    titanicml = {
      source  = "titanicml/titanicml"
      version = ">= 0.1"
    }
  }
}

# Everything on this machine, without an AWS account.
provider "titanicml" {
  local = {
    data_dir = ".titanicml"
    images   = { titanic = ["./bin/titanic"] }
  }

  default_tags = {
    project     = "titanic-sagemaker"
    env         = "dev"
    owner       = "data-science"
    managed_by  = "terraform"
    cost_center = "ml-research"
  }
}

# The same resources on Amazon SageMaker.
provider "titanicml" {
  alias       = "prod"
  engine      = "sagemaker"
  environment = "prod"
  region      = "eu-west-1"
  store       = "s3://titanic-prod-artifacts/titanicml"
  assume_role = { role_arn = "arn:aws:iam::111122223333:role/titanic-prod-apply" }

  default_tags = {
    project     = "titanic-sagemaker"
    env         = "prod"
    owner       = "data-science"
    managed_by  = "terraform"
    cost_center = "ml-research"
  }
}
