terraform {
  required_version = ">= 1.8"

  required_providers {
    titanicml = {
      source  = "titanicml/titanicml"
      version = ">= 0.1"
    }
  }
}

provider "titanicml" {
  # Without engine = "sagemaker" everything runs on this machine. All four stages share one data directory.
  local = {
    data_dir = "../.titanicml"
    images   = { titanic = ["../../../bin/titanic"] }
  }

  default_tags = {
    project     = "titanic-sagemaker"
    env         = "dev"
    owner       = var.owner
    managed_by  = "terraform"
    cost_center = "quickstart"
  }
}

resource "titanicml_endpoint" "survival" {
  name     = var.endpoint_name
  serving  = local.serving
  instance = { type = "ml.t2.medium", count = 1 }
  rollout  = { strategy = "all_at_once" }

  # A version that does not answer this with a probability is taken out of service again.
  smoke_test = {
    payload      = "3,male,22,1,0"
    content_type = "text/csv"
    csv_column   = 0
    min          = 0
    max          = 1
  }
}

data "titanicml_champion" "survival" {
  model_package_group = local.serving.model_package_group
}
