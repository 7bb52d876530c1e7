variable "least_accuracy" {
  description = "Share of held-out passengers that a model must get right."
  type        = number
  default     = 0.75
}

variable "least_auc" {
  description = "Least area under the ROC curve."
  type        = number
  default     = 0.8
}

variable "owner" {
  description = "Who answers for these resources; a required tag."
  type        = string
  default     = "quickstart"
}
