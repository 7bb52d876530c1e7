resource "titanicml_stage" "this" {
  number = 3
  name   = "data"
  evidence = "../../docs/03.md" # want "stage 3_data differs from HEAD in .*templates/a.tftpl.*modules/b/extra.tf, and its evidence docs/03.md does not"
}
module "b" {
  source = "../modules/b"
}
