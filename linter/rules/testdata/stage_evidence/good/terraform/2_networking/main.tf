resource "titanicml_stage" "this" {
  number = 2
  name   = "networking"
  evidence = "../../docs/01.md"
}
