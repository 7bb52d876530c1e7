variable "candidate" {
  description = "ARN of the version to put before the gate, registered by the pipeline; null means the bootstrap version of stage 4, and an earlier champion's ARN with a reason means a rollback."
  type        = string
  default     = null

  validation {
    condition     = var.candidate == null || can(regex("^arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:model-package/[a-zA-Z0-9-]+/[0-9]+$", var.candidate))
    error_message = "candidate is the ARN of a model package version."
  }
}

variable "capacity" {
  description = "Least and most instances that autoscaling keeps behind the endpoint."
  type        = object({ max = number, min = number })
  default     = { max = 1, min = 1 }

  validation {
    condition     = var.capacity.min >= 1 && var.capacity.max >= var.capacity.min && var.capacity.max <= 10
    error_message = "capacity has 1 <= min <= max <= 10."
  }
}

variable "env" {
  description = "Environment that this run is for."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "env is dev or prod."
  }
}

variable "gate" {
  description = "How strict the gate is, and whether a person approves after it."
  type = object({
    approval      = bool
    min_accuracy  = number
    min_auc       = number
    min_recall    = number
    max_class_gap = number
    max_drop      = number
    max_log_loss  = number
  })

  validation {
    condition     = alltrue([for name in ["min_accuracy", "min_auc", "min_recall", "max_class_gap", "max_drop"] : var.gate[name] >= 0 && var.gate[name] <= 1]) && var.gate.max_log_loss > 0
    error_message = "The bounds of the gate lie between 0 and 1, and max_log_loss above 0."
  }

  validation {
    condition     = var.env != "prod" || var.gate.approval
    error_message = "In prod a person approves: gate.approval is true."
  }
}

variable "instance_type" {
  description = "SageMaker instance behind the endpoint; null means serverless, which costs nothing at rest."
  type        = string
  default     = null

  validation {
    condition     = var.instance_type == null || can(regex("^ml\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "instance_type is a SageMaker type such as ml.t2.medium, or null."
  }
}

variable "latency_limit_ms" {
  description = "p95 of the model's latency, in milliseconds, above which a rollout is taken back."
  type        = number
  default     = 200

  validation {
    condition     = var.latency_limit_ms > 0
    error_message = "A latency limit is more than 0 milliseconds."
  }
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "CloudWatch Logs keeps events for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
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

variable "rollback_reason" {
  description = "Why the champion goes back to the version in candidate; null unless this is a rollback."
  type        = string
  default     = null

  validation {
    condition     = var.rollback_reason == null || var.candidate != null
    error_message = "A rollback names the earlier version in candidate."
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
