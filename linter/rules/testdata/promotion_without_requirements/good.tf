resource "titanicml_promotion" "survival" {
  candidate = "arn"
  requirements = [
    { metric = "accuracy", min = 0.78 },
    { metric = "accuracy", versus_champion = { max_drop = 0.01 } },
    { metric = "log_loss", max = 1.5, severity = "warn" },
  ]
}

# What is unknown here counts.
resource "titanicml_promotion" "configured" {
  candidate    = "arn"
  requirements = [{ metric = "auc", min = var.min_auc }]
}

resource "titanicml_promotion" "listed" {
  candidate    = "arn"
  requirements = var.requirements
}

resource "titanicml_promotion" "mixed" {
  candidate    = "arn"
  requirements = concat([{ metric = "accuracy", min = 0.7, severity = "warn" }], var.requirements)
}

resource "titanicml_promotion" "rehearsal" {
  candidate    = "arn"
  dry_run      = true
  requirements = [{ metric = "accuracy", min = 0.7, severity = "warn" }]
}

variable "min_auc" {}
variable "requirements" {}
