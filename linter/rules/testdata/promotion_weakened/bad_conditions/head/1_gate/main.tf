variable "strict" {
  type = bool
}

resource "titanicml_promotion" "empty" {
  model_package_group = "titanic-empty"
  candidate           = "arn"
  requirements        = var.strict ? [{ metric = "accuracy", min = 0.8 }] : [] # want "no longer requires accuracy min 0.8, when var.strict is false"
}

resource "titanicml_promotion" "added" {
  model_package_group = "titanic-added"
  candidate           = "arn"
  requirements        = concat([{ metric = "accuracy", min = 0.8 }], var.strict ? [{ metric = "auc", min = 0.8 }] : []) # want "no longer requires auc min 0.8, when var.strict is false"
}

resource "titanicml_promotion" "bound" {
  model_package_group = "titanic-bound"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = var.strict ? 0.8 : 0.5 }] # want "lowers accuracy min from 0.8 to 0.5, when var.strict is false"
}

resource "titanicml_promotion" "severity" {
  model_package_group = "titanic-severity"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8, severity = var.strict ? "block" : "warn" }] # want "turns accuracy min 0.8 from block to warn, when var.strict is false"
}

resource "titanicml_promotion" "approval" {
  model_package_group = "titanic-approval"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
  approval            = var.strict ? { required = true } : null # want "turns approval.required from true to none, when var.strict is false"
}

resource "titanicml_promotion" "count" {
  model_package_group = "titanic-count"
  candidate           = "arn"
  count               = var.strict ? 1 : 0 # want "titanicml_promotion.count.* is not there, when var.strict is false"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
}

resource "titanicml_promotion" "both" {
  model_package_group = "titanic-both"
  candidate           = "arn"
  requirements        = var.strict ? [{ metric = "accuracy", min = 0.7 }] : [] # want "lowers accuracy min from 0.8 to 0.7, when var.strict is true$"
}

resource "titanicml_promotion" "same" {
  model_package_group = "titanic-same"
  candidate           = "arn"
  requirements        = var.strict ? [{ metric = "accuracy", min = 0.8 }] : []
}
