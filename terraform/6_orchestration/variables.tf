variable "deploy_ref" {
  description = "Branch or tag whose deployment workflow is dispatched."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.deploy_ref))
    error_message = "deploy_ref is the name of a branch or tag."
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

variable "resume_schedule" {
  description = "When suspended dev is deployed again, as an EventBridge Scheduler expression."
  type        = string
  default     = "cron(0 7 ? * MON-FRI *)"

  validation {
    condition     = can(regex("^(cron|rate|at)\\(.+\\)$", var.resume_schedule))
    error_message = "A schedule is cron(...), rate(...) or at(...)."
  }
}

variable "retrain_schedule" {
  description = "When the pipeline runs by itself, as an EventBridge Scheduler expression."
  type        = string
  default     = "cron(0 4 ? * MON *)"

  validation {
    condition     = can(regex("^(cron|rate|at)\\(.+\\)$", var.retrain_schedule))
    error_message = "A schedule is cron(...), rate(...) or at(...)."
  }
}

variable "suspend_schedule" {
  description = "When the dev endpoint is taken down for the night, as an EventBridge Scheduler expression."
  type        = string
  default     = "cron(0 20 ? * MON-FRI *)"

  validation {
    condition     = can(regex("^(cron|rate|at)\\(.+\\)$", var.suspend_schedule))
    error_message = "A schedule is cron(...), rate(...) or at(...)."
  }
}

variable "timezone" {
  description = "Time zone of the schedules, as in the IANA database."
  type        = string
  default     = "Europe/Madrid"

  validation {
    condition     = can(regex("^[A-Za-z_]+(/[A-Za-z_+-]+)*$", var.timezone))
    error_message = "A time zone has a name of the IANA database such as Europe/Madrid."
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
