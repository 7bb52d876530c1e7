# One resource of every type, with as many arguments as go together.

resource "titanicml_dataset" "train" {
  name      = "train"
  source    = "train.csv"
  id_column = "passenger_id"
  columns = {
    passenger_id = { type = "integer", nullable = false }
    sex          = { type = "string", allowed = ["female", "male"] }
    age          = { type = "number" }
  }
  tags       = { stage = "data" }
  on_destroy = "delete"
}

resource "titanicml_dataset" "adopted" {
  name       = "predictions"
  source_uri = titanicml_evaluation.holdout.predictions_uri
}

resource "titanicml_training_run" "candidate" {
  name            = "survival"
  image           = "tiny"
  inputs          = { train = titanicml_dataset.train.uri }
  hyperparameters = { quality = "850" }
  environment     = { THREADS = "1" }
  metric_definitions = [
    { name = "accuracy", regex = "accuracy=([0-9.]+);" },
    { name = "auc", regex = "auc=([0-9.]+);" },
  ]
  resources   = { instance_type = "ml.m5.large", instance_count = 1, volume_size_gb = 10 }
  use_spot    = true
  max_runtime = "30m"
  max_wait    = "1h"
  triggers    = { month = "2026-11" }
  tags        = { stage = "training" }
  timeouts    = { create = "2h" }
}

resource "titanicml_evaluation" "holdout" {
  name           = "survival-holdout"
  image          = "tiny"
  model_uri      = titanicml_training_run.candidate.artifact_uri
  model_sha256   = titanicml_training_run.candidate.artifact_sha256
  dataset        = titanicml_dataset.train.uri
  baseline_group = "survival"
  id_column      = "passenger_id"
  environment    = { THREADS = "1" }
  resources      = { instance_type = "ml.m5.large" }
  max_runtime    = "30m"
  triggers       = { month = "2026-11" }
  tags           = { stage = "evaluation" }
}

resource "titanicml_model_version" "candidate" {
  model_package_group = "survival"
  group_description   = "Who survives"
  image               = "tiny"
  artifact_uri        = titanicml_training_run.candidate.artifact_uri
  artifact_sha256     = titanicml_training_run.candidate.artifact_sha256
  training_run        = titanicml_training_run.candidate.id
  evaluation          = titanicml_evaluation.holdout.id
  instance_types      = ["ml.m5.large"]
  description         = "The first one"
  metadata            = { ticket = "T-1" }
  tags                = { stage = "registry" }
}

resource "titanicml_promotion" "survival" {
  model_package_group = "survival"
  candidate           = titanicml_model_version.candidate.arn
  evaluation          = titanicml_evaluation.holdout.id
  requirements = [
    { metric = "accuracy", min = 0.78 },
    { metric = "auc", min = 0.5, confidence = 0.95 },
    { metric = "accuracy", versus_champion = { max_drop = 0.01 } },
    { metric = "recall", min = 0.6, each_slice = "sex", min_examples = 50 },
    { metric = "accuracy", max_gap = 0.2, each_slice = "pclass" },
    { metric = "accuracy", min = 0.5, slice = { column = "sex", value = "male" }, decision_threshold = 0.5 },
    { metric = "log_loss", max = 0.1, severity = "warn" },
  ]
  evidence     = { min_examples = 200, max_age = "24h", max_p95_latency_ms = 50 }
  approval     = { required = false }
  on_rejection = "hold"
  seed         = 7
}

resource "titanicml_endpoint" "survival" {
  name        = "survival"
  serving     = titanicml_promotion.survival.serving
  instance    = { type = "ml.t2.medium", count = 1 }
  environment = { THREADS = "1" }
  rollout     = { strategy = "canary", size = 10, bake = "1m" }
  smoke_test = {
    payload      = "1,female,22"
    content_type = "text/csv"
    json_path    = "predictions[0].score"
    min          = 0
    max          = 1
  }
  tags = { stage = "serving" }
}

resource "titanicml_stage" "foundation" {
  number     = 1
  name       = "foundation"
  source_dir = "1_foundation"
  evidence   = "document.md"
  outputs    = { vpc = "vpc-1", zones = ["a", "b"], count = 2, endpoint = titanicml_endpoint.survival.name }
}
