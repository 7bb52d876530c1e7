variable "named" {
  type = bool
}

variable "tags" {
  type = map(string)
}

resource "aws_sqs_queue" "other_values" {
  tags = merge(var.named ? { owner = "team" } : { owner = "nobody" }, { project = "p", env = "e", managed_by = "t", cost_center = "c" })
}

resource "aws_sqs_queue" "unknown" {
  tags = var.named ? var.tags : { project = "p", env = "e", owner = "o", managed_by = "t", cost_center = "c" }
}
