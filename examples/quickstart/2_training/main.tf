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

resource "titanicml_training_run" "candidate" {
  name            = var.model_package_group
  image           = var.image
  inputs          = { train = local.train_uri }
  hyperparameters = { features = var.features, l2 = var.l2, seed = var.seed }
  max_runtime     = "10m"

  metric_definitions = [
    { name = "train:accuracy", regex = "train_accuracy=([0-9.]+)" },
    { name = "validation:accuracy", regex = "cv_accuracy=([0-9.]+)" },
    { name = "validation:auc", regex = "cv_auc=([0-9.]+)" },
  ]
}

# Scores the candidate, and the champion if there is one, on the same held-out passengers in one job.
resource "titanicml_evaluation" "holdout" {
  name             = "${var.model_package_group}-holdout"
  image            = var.image
  model_uri        = titanicml_training_run.candidate.artifact_uri
  model_sha256     = titanicml_training_run.candidate.artifact_sha256
  dataset          = local.holdout_uri
  training_dataset = local.train_uri
  baseline_group   = var.model_package_group
  id_column        = "passenger_id"
}

resource "titanicml_model_version" "candidate" {
  model_package_group = var.model_package_group
  description         = "features = ${var.features}"
  image               = var.image
  artifact_uri        = titanicml_training_run.candidate.artifact_uri
  artifact_sha256     = titanicml_training_run.candidate.artifact_sha256
  training_run        = titanicml_training_run.candidate.job_name
  evaluation          = titanicml_evaluation.holdout.id
  content_types       = ["text/csv", "application/json", "application/jsonlines"]
  response_types      = ["text/csv", "application/json", "application/jsonlines"]
}
