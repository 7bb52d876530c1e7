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

variable "titanicml" {
  description = "Where the titanicml provider works: SageMaker, or the local engine with its data directory, images and endpoints."
  type = object({
    data_dir  = optional(string)
    endpoints = optional(map(string))
    engine    = optional(string, "sagemaker")
    images    = optional(map(list(string)))
  })
  default = {}

  validation {
    condition     = contains(["local", "sagemaker"], var.titanicml.engine)
    error_message = "engine is local or sagemaker."
  }
}
