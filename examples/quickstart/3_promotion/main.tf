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

# The gate. Nothing is served that has not passed it, and what it asks for is written here.
resource "titanicml_promotion" "survival" {
  model_package_group = local.training.model_package_group
  candidate           = local.training.candidate
  evaluation          = local.training.evaluation

  requirements = [
    { metric = "accuracy", min = var.least_accuracy },
    { metric = "auc", min = var.least_auc },
    { metric = "accuracy", versus_champion = { max_drop = 0.01 } },
    { metric = "log_loss", max = 0.55, severity = "warn" },
  ]

  evidence     = { min_examples = 200 }
  on_rejection = "fail"
}
