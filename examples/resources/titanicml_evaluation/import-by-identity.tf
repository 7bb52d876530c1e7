import {
  to = titanicml_evaluation.holdout
  identity = {
    job_name = "titanic-survival-a94ced40b9-1"
  }
}
