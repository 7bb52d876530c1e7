resource "aws_cloudtrail" "management" {
  # checkov:skip=CKV_AWS_252:the trail is evidence for an incident, nobody waits for its files
  # checkov:skip=CKV2_AWS_10:the trail is evidence for an incident; a second copy in CloudWatch costs 0.57 USD per GB
  name                          = "${local.name}-management"
  enable_log_file_validation    = true
  enable_logging                = true
  include_global_service_events = true
  is_multi_region_trail         = true
  kms_key_id                    = module.logs_key.arn
  s3_bucket_name                = module.audit_bucket.name
  s3_key_prefix                 = "trail"

  event_selector {
    include_management_events = true
    read_write_type           = "All"
  }
}

locals {
  trail_arn = "arn:aws:cloudtrail:${local.region}:${local.account_id}:trail/${local.name}-management"
}
