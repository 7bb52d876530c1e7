# The digest is known at plan, so a changed file shows what it changes before anything is uploaded.
resource "titanicml_dataset" "train" {
  name      = "titanic-train"
  source    = "${path.module}/data/train.csv"
  id_column = "passenger_id"

  columns = {
    survived = { type = "integer", nullable = false, allowed = ["0", "1"] }
    pclass   = { type = "integer", nullable = false, allowed = ["1", "2", "3"] }
    sex      = { type = "string", nullable = false, allowed = ["female", "male"] }
    age      = { type = "number" }
  }
}

# An object that is in S3 already is copied to a key that holds its digest.
resource "titanicml_dataset" "holdout" {
  name       = "titanic-holdout"
  source_uri = "s3://titanicml-local/incoming/holdout.csv"
}
