output "arn" {
  description = "Bucket ARN, known before the bucket is."
  value       = local.arn
}

output "name" {
  description = "Bucket name; depends on the bucket and on everything that protects it."
  value       = aws_s3_bucket.this.bucket
  depends_on = [
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}
