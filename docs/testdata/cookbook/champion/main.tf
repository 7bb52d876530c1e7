# The champion that the cookbook's candidates are compared with: the plain model, promoted as version 1.
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  local = {
    data_dir = "../.titanicml"
    images   = { titanic = ["titanic"] }
  }

  default_tags = { project = "titanic", env = "dev", owner = "ada", managed_by = "terraform", cost_center = "docs" }
}

resource "titanicml_dataset" "part" {
  for_each = toset(["train", "holdout", "all"])

  name      = "titanic-${each.key}"
  source    = "../${each.key}.csv"
  id_column = "passenger_id"
}

module "plain" {
  source = "../candidates/model"

  features = "plain"
  train    = titanicml_dataset.part["train"].uri
  holdout  = titanicml_dataset.part["holdout"].uri
  baseline = null
}

resource "titanicml_promotion" "champion" {
  model_package_group = "titanic-survival"
  candidate           = module.plain.candidate
  evaluation          = module.plain.evaluation
  requirements        = [{ metric = "auc", min = 0.7 }]
}

output "data" {
  value = { for name, part in titanicml_dataset.part : name => part.uri }
}

output "plain" {
  value = module.plain
}
