# The two halves of the data set that stage 4 trains and evaluates on, by digest.

resource "titanicml_dataset" "holdout" {
  name      = "${local.name}-holdout"
  columns   = local.columns
  id_column = "passenger_id"
  source    = "${var.data_dir}/holdout.csv"
}

resource "titanicml_dataset" "train" {
  name      = "${local.name}-train"
  columns   = local.columns
  id_column = "passenger_id"
  source    = "${var.data_dir}/train.csv"
}

locals {
  columns = {
    age          = { type = "number" }
    parch        = { type = "integer", nullable = false }
    passenger_id = { type = "integer", nullable = false }
    pclass       = { type = "integer", nullable = false, allowed = ["1", "2", "3"] }
    sex          = { type = "string", nullable = false, allowed = ["female", "male"] }
    sibsp        = { type = "integer", nullable = false }
    survived     = { type = "integer", nullable = false, allowed = ["0", "1"] }
  }
}
