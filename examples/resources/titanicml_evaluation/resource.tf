resource "titanicml_evaluation" "holdout" {
  name             = "titanic-survival"
  image            = "titanic"
  model_uri        = titanicml_training_run.candidate.artifact_uri
  model_sha256     = titanicml_training_run.candidate.artifact_sha256
  dataset          = titanicml_dataset.holdout.uri
  training_dataset = titanicml_dataset.train.uri

  # The champion of this group is scored in the same job, on the same passengers.
  baseline_group = "titanic-survival"
  id_column      = "passenger_id"
}
