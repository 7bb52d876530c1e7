# In terraform/3_data. Written last, and refused while 2_networking was not applied.
resource "titanicml_stage" "this" {
  number     = 3
  name       = "data"
  source_dir = path.module
  evidence   = "${path.module}/../../docs/01-data-ingestion.md"

  outputs = {
    train = titanicml_dataset.train.uri
  }

  depends_on = [titanicml_dataset.train]
}
