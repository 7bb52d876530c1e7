terraform {} # want "stage 3_data declares no backend" "stage 3_data declares no output" "stage 3_data has no titanicml_stage" "stage 3_data reads no output of 2_networking, the stage before it"

data "terraform_remote_state" "networking" {
  backend = "s3"
  config  = { key = "dev/2_networking/terraform.tfstate" }
}
