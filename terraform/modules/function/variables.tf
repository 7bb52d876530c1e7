variable "account_id" {
  description = "Account of the function."
  type        = string
}

variable "boundary_arn" {
  description = "ARN of the permission boundary for workload roles."
  type        = string
}

variable "description" {
  description = "What the function does, in a sentence."
  type        = string
}

variable "environment" {
  description = "Environment variables. Names and ARNs only: secrets are read at run time from where they are kept."
  type        = map(string)
  default     = {}
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the log group."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which log events are kept."
  type        = number
}

variable "name" {
  description = "Function name, titanic-<env>-<thing>; its role has the same name."
  type        = string

  validation {
    condition     = can(regex("^titanic-(dev|prod)-[a-z0-9-]+$", var.name)) && length(var.name) <= 64
    error_message = "A function is called titanic-<env>-<thing>, at most 64 characters."
  }
}

variable "package" {
  description = "Path of the zip file with the executable bootstrap."
  type        = string
}

variable "policies" {
  description = "Inline policies (JSON) by name, beyond writing its own logs."
  type        = map(string)
}

variable "region" {
  description = "Region of the function."
  type        = string
}

variable "reserved_concurrency" {
  description = "Concurrent executions reserved for the function, which are also its limit; -1 for none, as accounts with the default quota need."
  type        = number
  default     = -1
}

variable "timeout_seconds" {
  description = "Seconds after which an invocation is ended, 1 to 900."
  type        = number
  default     = 30

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "A function runs for 1 to 900 seconds."
  }
}
