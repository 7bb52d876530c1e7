output "arn" {
  description = "Role ARN; depends on the policies, so that who uses the role finds it complete."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy.this]
}

output "name" {
  description = "Role name."
  value       = aws_iam_role.this.name
}
