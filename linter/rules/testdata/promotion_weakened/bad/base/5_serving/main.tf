resource "titanicml_promotion" "survival" {
  model_package_group = "titanic"
  candidate           = var.candidate

  requirements = [
    { metric = "accuracy", min = 0.78 },
    { metric = "auc", min = 0.80, confidence = 0.95 },
    { metric = "accuracy", versus_champion = { max_drop = 0.01 } },
    { metric = "recall", min = 0.6, each_slice = "sex", min_examples = 50 },
    { metric = "log_loss", max = 0.55 },
    { metric = "brier", max = 0.2 },
    { metric = "f1", min = var.min_f1 },
    { metric = "precision", min = 0.5, severity = "warn" },
  ]

  evidence = { min_examples = 200, max_age = "24h", max_p95_latency_ms = 50, leakage_check = true, dataset_sha256 = "aa" }
  approval = { required = true, distinct_from_trainer = true, min_age = "1h" }
}

resource "titanicml_promotion" "second" {
  model_package_group = "second"
  requirements        = [{ metric = "accuracy", min = 0.7 }]
}

variable "candidate" {}
variable "min_f1" {}
