resource "titanicml_model_version" "candidate" {
  model_package_group = "titanic-survival"
  image               = "titanic"
  artifact_uri        = titanicml_training_run.candidate.artifact_uri
  artifact_sha256     = titanicml_training_run.candidate.artifact_sha256
  training_run        = titanicml_training_run.candidate.id
  evaluation          = titanicml_evaluation.holdout.id
  description         = "Logistic regression with interactions"
  metadata            = { ticket = "ML-7" }
}
