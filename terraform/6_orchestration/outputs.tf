output "dead_letter_queue" {
  description = "Name of the queue of undelivered events."
  value       = aws_sqs_queue.dead_letters.name
}

output "function_names" {
  description = "Names of this stage's functions."
  value       = [module.candidate.name, module.dispatch.name, module.validate.name]
}

output "pipeline_topic_arn" {
  description = "Topic of the pipeline's events."
  value       = aws_sns_topic.pipeline.arn
}

output "state_machine_arn" {
  description = "The state machine that retrains."
  value       = aws_sfn_state_machine.retrain.arn
}

output "training_failed_rule" {
  description = "Name of the rule that sees failed training jobs."
  value       = aws_cloudwatch_event_rule.failures["training-failed"].name
}
