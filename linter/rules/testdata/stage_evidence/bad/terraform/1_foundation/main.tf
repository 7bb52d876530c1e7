locals {} # want "stage 1_foundation names no evidence document; add a titanicml_stage with evidence"
