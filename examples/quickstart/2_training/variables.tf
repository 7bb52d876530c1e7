variable "features" {
  description = "What the model sees: full, plain, or weak, which is there to be refused."
  type        = string
  default     = "full"

  validation {
    condition     = contains(["full", "plain", "weak"], var.features)
    error_message = "features is full, plain or weak."
  }
}

variable "image" {
  description = "The workload: a name that the provider maps to a command, on AWS an image in ECR."
  type        = string
  default     = "titanic"
}

variable "l2" {
  description = "Strength of the model's regularisation."
  type        = string
  default     = "1"
}

variable "model_package_group" {
  description = "Name of the model: its versions are collected under it."
  type        = string
  default     = "titanic-survival"
}

variable "owner" {
  description = "Who answers for these resources; a required tag."
  type        = string
  default     = "quickstart"
}

variable "seed" {
  description = "Seed of the cross-validation."
  type        = string
  default     = "1"
}
