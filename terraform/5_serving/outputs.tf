output "approver_role_arn" {
  description = "Role of the person who approves versions."
  value       = aws_iam_role.approver.arn
}

output "champion" {
  description = "What is served, with the decision that allows it; null before the first promotion."
  value       = titanicml_promotion.survival.serving
}

output "costs_at_rest" {
  description = "Whether the endpoint costs money while nobody asks it: it has instances."
  value       = var.instance_type != null
}

output "decision" {
  description = "The gate's decision on the candidate: approved, rejected or pending."
  value       = titanicml_promotion.survival.decision
}

output "endpoint_log_group" {
  description = "Log group of the endpoint."
  value       = aws_cloudwatch_log_group.endpoint.name
}

output "endpoint_name" {
  description = "Name of the endpoint."
  value       = local.endpoint
}

output "endpoint_variant" {
  description = "Name of the endpoint's variant, for metrics."
  value       = local.variant
}

output "invoker_role_arn" {
  description = "Role that may ask the endpoint."
  value       = aws_iam_role.endpoint_invoker.arn
}
