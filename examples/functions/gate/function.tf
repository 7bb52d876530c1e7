variable "requirements" {
  description = "What a model has to meet, as in titanicml_promotion."
  type        = any
  default     = [{ metric = "accuracy", min = 0.78 }]

  validation {
    condition     = provider::titanicml::gate({ accuracy = 1 }, var.requirements).approved
    error_message = provider::titanicml::gate({ accuracy = 1 }, var.requirements).table
  }
}
