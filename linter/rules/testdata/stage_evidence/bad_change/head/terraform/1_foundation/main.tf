resource "titanicml_stage" "this" {
  number = 1
  name   = "foundation"
  evidence = "${path.module}/../../docs/01.md" # want "stage 1_foundation differs from HEAD in terraform/1_foundation/main.tf, and its evidence docs/01.md does not"
}
