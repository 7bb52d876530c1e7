resource "titanicml_stage" "this" {
  number = 3
  name   = "data"
  evidence = "../../docs/half.md" # want "docs/half.md, the evidence of stage 3_data, lacks Technical decisions .*; IAM used .*; Risks and pending" "the evidence of stage 3_data, has nothing under Goal and context; Commands run; Evidence$"
}
