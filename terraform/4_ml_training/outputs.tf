output "bootstrap_evaluation" {
  description = "Evaluation of the bootstrap candidate."
  value       = titanicml_evaluation.bootstrap.id
}

output "bootstrap_version_arn" {
  description = "The candidate that stands at the gate until the pipeline has registered one."
  value       = titanicml_model_version.bootstrap.arn
}

output "evaluation_dataset" {
  description = "What candidates are evaluated on, and what they were trained on."
  value       = { holdout_uri = local.holdout.uri, train_uri = local.train.uri }
}

output "model_package_group" {
  description = "Group of candidates and champions."
  value       = aws_sagemaker_model_package_group.survival.model_package_group_name
}

output "pipeline_arn" {
  description = "The SageMaker pipeline that stage 6 starts."
  value       = aws_sagemaker_pipeline.survival.arn
}

output "pipeline_name" {
  description = "Name of the pipeline."
  value       = aws_sagemaker_pipeline.survival.pipeline_name
}

output "pipeline_steps" {
  description = "Names of the pipeline's steps in the order they run, for metrics per step."
  value       = [local.step_split.Name, local.step_train.Name, local.step_evaluate.Name, local.step_seal.Name, local.step_register.Name]
}

output "sagemaker_role_arn" {
  description = "Execution role of jobs and models."
  value       = local.sagemaker_role_arn
  depends_on  = [module.sagemaker_role]
}

output "seal_function_name" {
  description = "Name of the function that writes evidence."
  value       = module.seal.name
}

output "serving_instance_types" {
  description = "Instance types that registered versions may be served on."
  value       = local.serving_instance_types
}

output "workload_image" {
  description = "Image of evaluation and serving."
  value       = local.workload_image
}
