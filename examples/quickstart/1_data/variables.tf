variable "data_dir" {
  description = "Directory with train.csv and holdout.csv, as `titanic split` writes them."
  type        = string
  default     = "../data"
}

variable "owner" {
  description = "Who answers for these resources; a required tag."
  type        = string
  default     = "quickstart"
}
