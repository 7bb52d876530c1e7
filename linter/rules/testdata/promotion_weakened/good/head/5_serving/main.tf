resource "titanicml_promotion" "renamed" {
  model_package_group = "titanic"
  candidate           = var.candidate

  requirements = concat([
    { metric = "recall", min = 0.6, each_slice = "sex", min_examples = 60 },
    { metric = "accuracy", min = 0.7, severity = "warn" },
    { metric = "accuracy", min = 0.78 },
    { metric = "auc", min = 0.82, confidence = 0.95 },
    { metric = "accuracy", versus_champion = { max_drop = 0.005 } },
    { metric = "log_loss", max = 0.5 },
    { metric = "f1", min = var.min_f1 },
  ], var.more)

  evidence = { min_examples = 250, max_age = "12h", max_p95_latency_ms = 40, leakage_check = var.check, dataset_sha256 = "bb" }
  approval = { required = true, distinct_from_trainer = true, min_age = "60m" }
}

resource "titanicml_promotion" "second" {
  model_package_group = "second"
  requirements        = [{ metric = "accuracy", min = 0.7 }, { metric = "auc", min = 0.7 }]
  approval            = { required = true }
}

variable "candidate" {}
variable "check" {}
variable "min_f1" {}
variable "more" {}
