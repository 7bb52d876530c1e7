terraform {
  backend "s3" { # want "has no lock; set use_lockfile = true"
    encrypt        = true
    dynamodb_table = ""
  }
}
