terraform {} # want "titanicml_promotion.second was removed; its group has no gate here any more"

resource "titanicml_promotion" "survival" {
  model_package_group = "titanic"
  candidate           = var.candidate

  requirements = [ # want "titanicml_promotion.survival no longer requires brier max 0.2$"
    { metric = "accuracy", min = 0.7 }, # want "titanicml_promotion.survival lowers accuracy min from 0.78 to 0.7$"
    { metric = "auc", min = 0.80 },     # want "titanicml_promotion.survival drops the confidence of auc min 0.8 from 0.95 to none"
    { metric = "accuracy", versus_champion = { max_drop = 0.05 } }, # want "raises accuracy versus_champion.max_drop from 0.01 to 0.05"
    { metric = "recall", min = 0.6, each_slice = "sex", min_examples = 10 }, # want "lowers min_examples of recall min 0.6 for each sex from 50 to 10"
    { metric = "log_loss", max = 0.55, severity = "warn" }, # want "titanicml_promotion.survival turns log_loss max 0.55 from block to warn"
    { metric = "f1", min = var.min_f1 }, # want "titanicml_promotion.survival lowers f1 min from 0.7 to 0.6 .with 5_serving/env/prod.tfvars."
  ]

  # want(+1) "lowers evidence.min_examples from 200 to 100" "raises evidence.max_age from 24h to 168h" "drops evidence.max_p95_latency_ms from 50 to none" "turns evidence.leakage_check from true to false" "drops evidence.dataset_sha256 aa"
  evidence = { min_examples = 100, max_age = "168h", leakage_check = false }
  approval = { required = false, min_age = "10m" } # want "turns approval.required from true to false" "turns approval.distinct_from_trainer from true to none" "lowers approval.min_age from 1h to 10m"
}

variable "candidate" {}
variable "min_f1" {}
