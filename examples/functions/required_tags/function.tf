variable "tags" {
  description = "Tags of everything in this module."
  type        = map(string)
  default     = { project = "titanic", env = "dev" }

  validation {
    condition     = length(provider::titanicml::required_tags(var.tags, ["project", "env"])) == 0
    error_message = "Missing tags: ${join(", ", provider::titanicml::required_tags(var.tags, ["project", "env"]))}."
  }
}
