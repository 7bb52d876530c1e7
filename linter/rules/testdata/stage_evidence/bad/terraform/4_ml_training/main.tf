resource "titanicml_stage" "this" {
  number = 4
  name   = "ml_training"
  evidence = "../../docs/04.md" # want "titanicml_stage.this names docs/04.md, which cannot be read; write the evidence of stage 4_ml_training there"
}
