resource "titanicml_stage" "this" {
  number = 5
  name   = "serving"
  evidence = "../../docs/01.md" # want "docs/01.md does not mention 5_serving"
}
