output "account_id" {
  description = "Account of this environment."
  value       = local.account_id
}

output "apply_role_arn" {
  description = "Role of the deployment workflows."
  value       = aws_iam_role.apply.arn
}

output "audit_bucket" {
  description = "Bucket of the trail and of access logs to state and store."
  value       = module.audit_bucket.name
}

output "data_key_arn" {
  description = "Key for datasets, artifacts, images, volumes and the store."
  value       = module.data_key.arn
}

output "logs_key_arn" {
  description = "Key for log groups and notifications."
  value       = module.logs_key.arn
}

output "operator_role_arn" {
  description = "Role of the data science operator."
  value       = aws_iam_role.operator.arn
}

output "owns_account" {
  description = "Whether this environment holds what AWS has once per account."
  value       = local.owns_account
}

output "plan_role_arn" {
  description = "Role of pull request plans."
  value       = aws_iam_role.plan.arn
}

output "state_bucket" {
  description = "Bucket of the state of every stage."
  value       = module.state_bucket.name
}

output "store" {
  description = "The titanicml store of this environment."
  value       = "s3://${module.store_bucket.name}/titanicml"
}

output "store_bucket" {
  description = "Bucket of the store."
  value       = module.store_bucket.name
}

output "workload_boundary_arn" {
  description = "Permission boundary for every workload role."
  value       = aws_iam_policy.workload_boundary.arn
}
