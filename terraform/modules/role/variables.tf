variable "boundary_arn" {
  description = "ARN of the permission boundary that stage 1 made for workload roles."
  type        = string
}

variable "description" {
  description = "What the role is for, in a sentence."
  type        = string
}

variable "name" {
  description = "Role name, titanic-<env>-<thing>."
  type        = string

  validation {
    condition     = can(regex("^titanic-(dev|prod)-[a-z0-9-]+$", var.name)) && length(var.name) <= 64
    error_message = "A role is called titanic-<env>-<thing>, at most 64 characters."
  }
}

variable "policies" {
  description = "Inline policies (JSON) by name."
  type        = map(string)
}

variable "service" {
  description = "The one service principal that assumes the role."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", var.service))
    error_message = "A service principal ends in .amazonaws.com."
  }
}

variable "source_account" {
  description = "Account on whose behalf the service must act (confused deputy); null for a service that does not send it."
  type        = string
  default     = null
}
