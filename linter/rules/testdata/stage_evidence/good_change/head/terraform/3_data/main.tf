resource "titanicml_stage" "this" {
  number = 3
  name   = "data"
  evidence = "../../docs/03.md"
}
module "b" {
  source = "../modules/b"
}
