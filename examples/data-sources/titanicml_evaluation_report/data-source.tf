data "titanicml_evaluation_report" "holdout" {
  evaluation = titanicml_evaluation.holdout.id
}

check "holdout_is_large_enough" {
  assert {
    condition     = data.titanicml_evaluation_report.holdout.examples >= 200
    error_message = "The held-out data has ${data.titanicml_evaluation_report.holdout.examples} examples, at least 200 are needed to tell models apart."
  }
}
