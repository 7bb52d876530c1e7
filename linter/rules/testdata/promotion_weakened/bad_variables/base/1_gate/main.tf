resource "titanicml_promotion" "survival" {
  requirements = [{ metric = "accuracy", min = var.gate.min_accuracy }]
  approval     = { required = var.gate.approval }
}

variable "gate" {
  type = object({ approval = bool, min_accuracy = number })
}
