# The ARN of the version.
terraform import titanicml_model_version.candidate arn:aws:sagemaker:eu-west-1:000000000000:model-package/titanic-survival/1
