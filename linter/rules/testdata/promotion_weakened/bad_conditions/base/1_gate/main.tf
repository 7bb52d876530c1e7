variable "strict" {
  type = bool
}

resource "titanicml_promotion" "empty" {
  model_package_group = "titanic-empty"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
}

resource "titanicml_promotion" "added" {
  model_package_group = "titanic-added"
  candidate           = "arn"
  requirements        = concat([{ metric = "accuracy", min = 0.8 }], [{ metric = "auc", min = 0.8 }])
}

resource "titanicml_promotion" "bound" {
  model_package_group = "titanic-bound"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
}

resource "titanicml_promotion" "severity" {
  model_package_group = "titanic-severity"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
}

resource "titanicml_promotion" "approval" {
  model_package_group = "titanic-approval"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
  approval            = { required = true }
}

resource "titanicml_promotion" "count" {
  model_package_group = "titanic-count"
  candidate           = "arn"
  requirements        = [{ metric = "accuracy", min = 0.8 }]
}

resource "titanicml_promotion" "both" {
  model_package_group = "titanic-both"
  candidate           = "arn"
  requirements        = var.strict ? [{ metric = "accuracy", min = 0.8 }] : []
}

resource "titanicml_promotion" "same" {
  model_package_group = "titanic-same"
  candidate           = "arn"
  requirements        = var.strict ? [{ metric = "accuracy", min = 0.8 }] : []
}
