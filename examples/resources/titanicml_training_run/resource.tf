resource "titanicml_training_run" "candidate" {
  name            = "titanic-survival"
  image           = "titanic"
  inputs          = { train = titanicml_dataset.train.uri }
  hyperparameters = { features = "full", seed = "1" }

  metric_definitions = [
    { name = "cv_accuracy", regex = "cv_accuracy=([0-9.]+)" },
    { name = "cv_auc", regex = "cv_auc=([0-9.]+)" },
  ]

  resources   = { instance_type = "ml.m5.large" }
  max_runtime = "30m"

  # Another value trains again; so does -replace.
  triggers = { month = "2026-11" }
}
