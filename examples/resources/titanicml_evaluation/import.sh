# The name of the processing job; its evidence must be in the provider's store.
terraform import titanicml_evaluation.holdout titanic-survival-a94ced40b9-1
