terraform {
  backend "s3" { # want "does not set encrypt = true" "has no lock; set use_lockfile = true"
    bucket = "titanic-state"
    key    = "1_foundation/terraform.tfstate"
  }
}

resource "aws_s3_bucket" "data" {}
