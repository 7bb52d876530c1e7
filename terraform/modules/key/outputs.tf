output "alias_arn" {
  description = "ARN of the alias."
  value       = aws_kms_alias.this.arn
}

output "arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}
