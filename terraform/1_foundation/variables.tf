variable "env" {
  description = "Environment that this run is for."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "env is dev or prod."
  }
}

variable "operator_principals" {
  description = "ARNs of the people's roles (IAM Identity Center) that may assume the operator role."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.operator_principals : can(regex("^arn:aws:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "An operator principal is the ARN of one role or user, without a wildcard."
  }
}

variable "project" {
  description = "Accounts, repository and names, from terraform/project.tfvars."
  type = object({
    account_ids       = object({ dev = string, prod = string })
    alert_emails      = list(string)
    cost_center       = string
    github_repository = string
    owner             = string
    region            = string
  })

  validation {
    condition     = alltrue([for id in values(var.project.account_ids) : can(regex("^[0-9]{12}$", id))])
    error_message = "An account ID has 12 digits."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.project.github_repository))
    error_message = "github_repository is OWNER/NAME."
  }

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.project.region))
    error_message = "region is an AWS region such as eu-west-1."
  }
}

variable "state_noncurrent_days" {
  description = "Days for which earlier versions of a state file and of the store's objects are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.state_noncurrent_days >= 30
    error_message = "Earlier versions are kept for at least 30 days, or a state cannot be restored."
  }
}

variable "titanicml" {
  description = "Where the titanicml provider works: on SageMaker, or on a local engine with its data directory and images."
  type = object({
    engine = optional(string, "sagemaker")
    endpoints = optional(object({
      s3                = optional(string)
      sagemaker         = optional(string)
      sagemaker_runtime = optional(string)
      sts               = optional(string)
    }))
    local = optional(object({
      data_dir = optional(string)
      images   = optional(map(list(string)))
    }))
  })
  default = {}

  validation {
    condition     = contains(["local", "sagemaker"], var.titanicml.engine)
    error_message = "engine is local or sagemaker."
  }
}
