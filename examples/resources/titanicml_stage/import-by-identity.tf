import {
  to = titanicml_stage.this
  identity = {
    id = "s3://titanic-dev-titanicml/titanicml/stages/dev/3_data.json"
  }
}
