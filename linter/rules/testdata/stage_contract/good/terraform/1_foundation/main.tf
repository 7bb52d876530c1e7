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

resource "titanicml_stage" "this" {
  number     = 1
  name       = "foundation"
  source_dir = path.module
  outputs    = { logs_key_arn = aws_kms_key.logs.arn }
  depends_on = [aws_kms_key.logs]
}
