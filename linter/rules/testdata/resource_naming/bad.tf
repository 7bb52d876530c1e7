resource "aws_s3_bucket" "trainingData" { # want "aws_s3_bucket.trainingData label \"trainingData\" does not match"
  bucket = "data"
}

resource "aws_s3_bucket" "s3_bucket" { # want "aws_s3_bucket.s3_bucket repeats its type"
  bucket = "models"
}

variable "Env" { # want "variable \"Env\" does not match"
  type = string
}

locals {
  accountID = "1" # want "local \"accountID\" does not match"
}

module "net-a" { # want "module \"net-a\" does not match"
  source = "example.com/net/aws"
}
