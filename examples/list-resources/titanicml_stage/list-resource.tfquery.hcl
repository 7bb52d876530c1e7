# The stages that stand in dev.
list "titanicml_stage" "dev" {
  provider = titanicml

  config {
    ledger = "s3://titanic-dev-titanicml/titanicml/stages/dev"
  }
}
