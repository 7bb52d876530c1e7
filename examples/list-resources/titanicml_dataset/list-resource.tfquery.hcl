# Every version of train.csv in the store.
list "titanicml_dataset" "train" {
  provider = titanicml

  config {
    file_name = "train.csv"
  }
}
