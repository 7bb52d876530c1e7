output "arn" {
  description = "Function ARN, without a version."
  value       = aws_lambda_function.this.arn
}

output "log_group" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Function name."
  value       = aws_lambda_function.this.function_name
}
