terraform {} # want "stage 4_ml_training holds no Terraform files"
