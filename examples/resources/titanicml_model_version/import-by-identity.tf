import {
  to = titanicml_model_version.candidate
  identity = {
    arn = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/titanic-survival/1"
  }
}
