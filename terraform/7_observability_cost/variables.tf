variable "anomaly_threshold" {
  description = "Unexpected cost, in USD, from which an anomaly is told."
  type        = number
  default     = 10

  validation {
    condition     = var.anomaly_threshold > 0
    error_message = "An anomaly threshold is more than 0 USD."
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

variable "lambda_dir" {
  description = "Directory with the functions' zip files, which `make lambdas` builds."
  type        = string
  default     = "../../bin/lambda"
}

variable "latency_limit_ms" {
  description = "p95 of the model's latency, in milliseconds, above which people are told."
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

variable "monthly_budget" {
  description = "What this environment may cost in a month, in USD."
  type        = number

  validation {
    condition     = var.monthly_budget > 0
    error_message = "A budget is more than 0 USD."
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
