terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

resource "aws_kms_key" "logs" {}

output "logs_key_arn" {
  value = aws_kms_key.logs.arn
}

output "subnet_ids" {
  value = ["subnet-1", "subnet-2"]
}

output "owner" {
  value = var.owner
}

variable "owner" {}

module "net" {
  source     = "../modules/net"
  subnet_ids = ["subnet-1"]
}

resource "titanicml_stage" "this" {
  number     = 2            # want "titanicml_stage.this has number 2 in the folder of stage 1"
  name       = "networking" # want "titanicml_stage.this has name \"networking\" in the folder 1_foundation; use \"foundation\""
  source_dir = "../2_networking" # want "records the sources of \"../2_networking\"; use path.module"
  outputs    = { key = aws_kms_key.logs.arn }
  depends_on = [] # want "titanicml_stage.this may be written before aws_kms_key.logs, module.net; add what is missing to its depends_on"
}

resource "titanicml_stage" "again" { # want "stage 1_foundation has a second titanicml_stage titanicml_stage.again"
}
