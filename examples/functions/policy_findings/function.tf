variable "policy" {
  description = "Policy of the training role, JSON."
  type        = string

  validation {
    condition     = length(provider::titanicml::policy_findings(var.policy)) == 0
    error_message = join("\n", [for f in provider::titanicml::policy_findings(var.policy) : "${f.rule}: ${f.message}"])
  }
}
