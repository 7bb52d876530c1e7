resource "titanicml_stage" "this" {
  number = 1
  name   = "foundation"
  evidence = "${path.module}/../../docs/01.md"
}
locals {}
