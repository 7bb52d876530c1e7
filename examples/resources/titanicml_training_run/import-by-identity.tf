import {
  to = titanicml_training_run.candidate
  identity = {
    job_name = "titanic-survival-aa9b9abc07-1"
  }
}
