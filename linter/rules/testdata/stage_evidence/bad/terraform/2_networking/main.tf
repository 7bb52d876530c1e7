# want(+1) "titanicml_stage.this names no evidence document for stage 2_networking; set evidence"
resource "titanicml_stage" "this" {
  number = 2
  name   = "networking"
  
}
