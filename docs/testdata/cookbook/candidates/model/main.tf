# One candidate: trained, evaluated, registered.
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

variable "baseline" {
  type    = string
  default = "titanic-survival"
}

variable "features" {
  type = string
}

variable "holdout" {
  type = string
}

variable "train" {
  type = string
}

resource "titanicml_training_run" "this" {
  name            = "titanic-survival"
  image           = "titanic"
  inputs          = { train = var.train }
  hyperparameters = { features = var.features, cv_repeats = "0" }
}

resource "titanicml_evaluation" "this" {
  name             = "titanic-holdout"
  image            = "titanic"
  model_uri        = titanicml_training_run.this.artifact_uri
  dataset          = var.holdout
  training_dataset = var.train
  baseline_group   = var.baseline
  id_column        = "passenger_id"
}

resource "titanicml_model_version" "this" {
  model_package_group = "titanic-survival"
  image               = "titanic"
  artifact_uri        = titanicml_training_run.this.artifact_uri
  artifact_sha256     = titanicml_training_run.this.artifact_sha256
  training_run        = titanicml_training_run.this.job_name
  evaluation          = titanicml_evaluation.this.id
}

output "artifact" {
  value = titanicml_training_run.this.artifact_uri
}

output "candidate" {
  value = titanicml_model_version.this.arn
}

output "evaluation" {
  value = titanicml_evaluation.this.id
}
