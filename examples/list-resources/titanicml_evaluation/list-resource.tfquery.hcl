# Evaluations that failed.
list "titanicml_evaluation" "failed" {
  provider = titanicml

  config {
    status = "Failed"
  }
}
