resource "titanicml_stage" "this" {
  number = 4
  name   = "unknown"
  evidence = var.document
}
variable "document" {}
