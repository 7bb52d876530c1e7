resource "titanicml_promotion" "survival" {
  requirements = [{ metric = "accuracy", min = var.gate.min_accuracy }] # want "lowers accuracy min from 0.8 to 0.75$"
  approval     = { required = var.gate.approval } # want "turns approval.required from true to false$"
}

variable "gate" {
  type = object({ approval = bool, min_accuracy = number })
}
