# The candidates of the cookbook: a weak one (version 2) and a good one (version 3) of the survival model, two evaluations
# that leave something to be desired, and models of passengers' classes and ages.
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  local = {
    data_dir = "../.titanicml"
    images   = { titanic = ["titanic"], passenger = ["../passenger.py"] }
  }

  default_tags = { project = "titanic", env = "dev", owner = "ada", managed_by = "terraform", cost_center = "docs" }
}

data "terraform_remote_state" "champion" {
  backend = "local"
  config  = { path = "../champion/terraform.tfstate" }
}

locals {
  data = data.terraform_remote_state.champion.outputs.data
}

module "weak" {
  source = "./model"

  features = "weak"
  train    = local.data.train
  holdout  = local.data.holdout
}

module "full" {
  source     = "./model"
  depends_on = [module.weak]

  features = "full"
  train    = local.data.train
  holdout  = local.data.holdout
}

# Evaluated on passengers that the model was trained on.
resource "titanicml_evaluation" "leaky" {
  name             = "titanic-leaky"
  image            = "titanic"
  model_uri        = module.full.artifact
  dataset          = local.data.all
  training_dataset = local.data.train
  id_column        = "passenger_id"
}

# Does not say what the model was trained on.
resource "titanicml_evaluation" "silent" {
  name      = "titanic-silent"
  image     = "titanic"
  model_uri = module.full.artifact
  dataset   = local.data.holdout
  id_column = "passenger_id"
}

resource "titanicml_training_run" "passenger" {
  for_each = toset(["age", "pclass"])

  name            = "passenger-${each.key}"
  image           = "passenger"
  inputs          = { train = local.data.train }
  hyperparameters = { target = each.key }
}

resource "titanicml_evaluation" "passenger" {
  for_each = titanicml_training_run.passenger

  name             = "passenger-${each.key}"
  image            = "passenger"
  model_uri        = each.value.artifact_uri
  dataset          = local.data.holdout
  training_dataset = local.data.train
  id_column        = "passenger_id"
}

resource "titanicml_model_version" "passenger" {
  for_each = titanicml_training_run.passenger

  model_package_group = "passenger-${each.key}"
  image               = "passenger"
  artifact_uri        = each.value.artifact_uri
  training_run        = each.value.job_name
  evaluation          = titanicml_evaluation.passenger[each.key].id
}

output "recipes" {
  value = {
    plain  = merge(data.terraform_remote_state.champion.outputs.plain, { group = "titanic-survival" })
    weak   = merge(module.weak, { group = "titanic-survival" })
    full   = merge(module.full, { group = "titanic-survival" })
    leaky  = merge(module.full, { group = "titanic-survival", evaluation = titanicml_evaluation.leaky.id })
    silent = merge(module.full, { group = "titanic-survival", evaluation = titanicml_evaluation.silent.id })
    age    = { group = "passenger-age", candidate = titanicml_model_version.passenger["age"].arn, evaluation = titanicml_evaluation.passenger["age"].id }
    pclass = { group = "passenger-pclass", candidate = titanicml_model_version.passenger["pclass"].arn, evaluation = titanicml_evaluation.passenger["pclass"].id }
  }
}
