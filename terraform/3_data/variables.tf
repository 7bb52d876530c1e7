variable "data_dir" {
  description = "Directory with train.csv and holdout.csv, which `make stages-data` deals from examples/titanic/data/titanic.csv."
  type        = string
  default     = "../../bin/data"
}

variable "env" {
  description = "Environment that this run is for."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "env is dev or prod."
  }
}

variable "image_tag" {
  description = "Tag of the workload and ETL images; `go run ./scripts/stages image-tag` derives it from their sources."
  type        = string
  default     = "bootstrap"

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "An image tag has up to 128 letters, digits, dots, dashes and underscores, and is not latest."
  }
}

variable "log_retention_days" {
  description = "Days for which the logs of ETL tasks are kept."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "CloudWatch Logs keeps events for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
  }
}

variable "noncurrent_days" {
  description = "Days for which replaced datasets and artifacts are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "Noncurrent versions are kept for at least 1 day."
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
