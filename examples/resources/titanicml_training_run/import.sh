# The name of the training job.
terraform import titanicml_training_run.candidate titanic-survival-aa9b9abc07-1
