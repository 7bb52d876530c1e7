terraform {
  backend "s3" {
    bucket       = "titanic-state"
    key          = "1_foundation/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

resource "aws_s3_bucket" "data" {}
