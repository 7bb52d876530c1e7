terraform {
  backend "local" { # want "keeps state on one machine"
    path = "terraform.tfstate"
  }
}

resource "aws_s3_bucket" "data" {}
