output "candidate" {
  description = "ARN of the version to promote."
  value       = titanicml_model_version.candidate.arn
}

output "evaluation" {
  description = "The evaluation that speaks for it."
  value       = titanicml_evaluation.holdout.id
}

output "metrics" {
  description = "What the held-out passengers say."
  value       = titanicml_evaluation.holdout.metrics
}

output "model_package_group" {
  description = "Name of the model."
  value       = var.model_package_group
}

output "summary" {
  description = "The candidate in one line."
  value = format("version %d (%s): accuracy %.3f, AUC %.3f on %d held-out passengers",
    titanicml_model_version.candidate.version, var.features, titanicml_evaluation.holdout.metrics["accuracy"],
  titanicml_evaluation.holdout.metrics["auc"], titanicml_evaluation.holdout.examples)
}
