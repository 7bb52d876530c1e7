provider "aws" {
  access_key = "AKIAQ3EGP7XZ4WLMN2TR" # want "holds an AWS access key id in plain text"
  secret_key = "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" # want "secret_key holds what looks like a secret"
}

variable "db_password" {
  default = "hunter2-is-mine" # want "variable db_password holds what looks like a secret"
}

locals {
  master = "correct-horse"
}

resource "aws_db_instance" "main" {
  password = local.master # want(-4) "aws_db_instance.main.password holds what looks like a secret"
}

resource "aws_instance" "runner" {
  # token of the old runner: ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8 # want "holds a GitHub token"
  user_data = <<-EOT
    export DB_PASSWORD=s3cr3t-and-long # want "DB_PASSWORD holds what looks like a secret"
    curl https://bot:hunter22@example.org/ # want "holds a password in a URL"
  EOT
}

resource "aws_lambda_function" "serve" {
  environment {
    variables = {
      API_TOKEN = "9f8e7d6c5b4a39281706f5e4d3c2" # want "API_TOKEN holds what looks like a secret"
    }
  }
}
