terraform {
  cloud {
    organization = "titanic"
  }
}

resource "aws_s3_bucket" "data" {}
