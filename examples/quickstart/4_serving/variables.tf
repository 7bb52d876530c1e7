variable "endpoint_name" {
  description = "Name of the endpoint."
  type        = string
  default     = "titanic-survival"
}

variable "owner" {
  description = "Who answers for these resources; a required tag."
  type        = string
  default     = "quickstart"
}
