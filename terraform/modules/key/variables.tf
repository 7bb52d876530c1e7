variable "account_id" {
  description = "Account whose IAM policies decide who uses the key."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account ID has 12 digits."
  }
}

variable "deletion_window_in_days" {
  description = "Days between the order to delete the key and its deletion, 7 to 30."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_in_days >= 7 && var.deletion_window_in_days <= 30
    error_message = "The deletion window is 7 to 30 days."
  }
}

variable "description" {
  description = "What the key encrypts."
  type        = string
}

variable "name" {
  description = "Alias without its prefix, titanic-<env>-<thing>."
  type        = string

  validation {
    condition     = can(regex("^titanic-(dev|prod)-[a-z0-9-]+$", var.name))
    error_message = "A key is called titanic-<env>-<thing>."
  }
}

variable "policy_documents" {
  description = "Statements for services that use the key on the account's behalf (JSON documents)."
  type        = list(string)
  default     = []
}
