variable "access_logs" {
  description = "Where S3 writes this bucket's server access logs; null for a bucket that receives logs itself."
  type        = object({ bucket = string, prefix = string })
  default     = null
}

variable "expire_prefixes" {
  description = "Days after which current objects under a prefix expire, by prefix."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for days in values(var.expire_prefixes) : days >= 1])
    error_message = "An expiration is at least 1 day."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes its objects. Never true in prod."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "ARN of the key for default encryption; null means SSE-S3, which S3 log delivery requires of its target."
  type        = string
  default     = null
}

variable "name" {
  description = "Bucket name, titanic-<env>-<thing>-<account>."
  type        = string

  validation {
    condition     = can(regex("^titanic-(dev|prod)-[a-z0-9-]{3,40}$", var.name)) && length(var.name) <= 63
    error_message = "A bucket is called titanic-<env>-<thing>-<account>, at most 63 characters."
  }
}

variable "noncurrent_days" {
  description = "Days for which replaced or deleted versions of an object are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "Noncurrent versions are kept for at least 1 day."
  }
}

variable "policy_documents" {
  description = "Further policy documents (JSON) for the bucket policy."
  type        = list(string)
  default     = []
}
