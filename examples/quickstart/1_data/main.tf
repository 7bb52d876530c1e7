terraform {
  required_version = ">= 1.8"

  required_providers {
    titanicml = {
      source  = "titanicml/titanicml"
      version = ">= 0.1"
    }
  }
}

provider "titanicml" {
  # Without engine = "sagemaker" everything runs on this machine. All four stages share one data directory.
  local = {
    data_dir = "../.titanicml"
    images   = { titanic = ["../../../bin/titanic"] }
  }

  default_tags = {
    project     = "titanic-sagemaker"
    env         = "dev"
    owner       = var.owner
    managed_by  = "terraform"
    cost_center = "quickstart"
  }
}

locals {
  columns = {
    passenger_id = { type = "integer", nullable = false }
    survived     = { type = "integer", nullable = false, allowed = ["0", "1"] }
    pclass       = { type = "integer", nullable = false, allowed = ["1", "2", "3"] }
    sex          = { type = "string", nullable = false, allowed = ["female", "male"] }
    age          = { type = "number" }
    sibsp        = { type = "integer", nullable = false }
    parch        = { type = "integer", nullable = false }
  }
}

resource "titanicml_dataset" "train" {
  name      = "titanic-train"
  source    = "${var.data_dir}/train.csv"
  columns   = local.columns
  id_column = "passenger_id"
}

# Held out: no model sees these passengers before the gate asks how it does on them.
resource "titanicml_dataset" "holdout" {
  name      = "titanic-holdout"
  source    = "${var.data_dir}/holdout.csv"
  columns   = local.columns
  id_column = "passenger_id"
}
