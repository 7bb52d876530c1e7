import {
  to = titanicml_dataset.train
  identity = {
    uri = "s3://titanicml-local/titanicml/data/sha256/6eb63b995908b06c774364f82344041cd452731afa0bfef6307f46157397e277/train.csv"
  }
}
