variable "named" {
  type = bool
}

variable "tags" {
  type = map(string)
}

resource "aws_sqs_queue" "some" {
  tags = merge(var.named ? { project = "p", env = "e", owner = "o" } : { project = "p" }, { managed_by = "t", cost_center = "c" }) # want "lacks the tags env, owner, when var.named is false; add"
}

resource "aws_sqs_queue" "none" {
  tags = var.named ? { project = "p", env = "e", owner = "o", managed_by = "t", cost_center = "c" } : null # want "when var.named is false"
}

resource "aws_sqs_queue" "hidden" {
  tags = var.named ? merge(var.tags, { project = "p" }) : {} # want "when var.named is false"
}

resource "aws_sqs_queue" "empty" {
  tags = { project = "p", env = "e", owner = var.named ? "o" : "", managed_by = "t", cost_center = "c" } # want "tag owner is empty, when var.named is false; name"
}

resource "aws_sqs_queue" "never_whole" {
  tags = var.named ? { project = "p", env = "e", owner = "o", managed_by = "t" } : {} # want "the tag cost_center, when var.named is true" "the tags project, env, owner, managed_by, cost_center, when var.named is false"
}
