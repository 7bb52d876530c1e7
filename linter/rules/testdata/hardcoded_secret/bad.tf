provider "aws" {
  access_key = "AKIAQ3EGP7XZ4WLMN2TR" # want "^provider.aws.access_key holds an AWS access key id in plain text"
  secret_key = "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" # want "^provider.aws.secret_key holds what looks like a secret"
}

variable "db_password" {
  default = "hunter2-is-mine" # want "^var.db_password holds what looks like a secret"
}

locals {
  master = "correct-horse"
}

resource "aws_db_instance" "main" {
  password = local.master # want(-4) "aws_db_instance.main.password holds what looks like a secret"
}

resource "aws_instance" "runner" {
  # token of the old runner: ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8 # want "^aws_instance.runner holds a GitHub token"
  user_data = <<-EOT
    export DB_PASSWORD=s3cr3t-and-long # want "^aws_instance.runner.user_data .DB_PASSWORD. holds what looks like a secret"
    curl https://bot:hunter22@example.org/ # want "^aws_instance.runner.user_data holds a password in a URL"
  EOT
}

resource "aws_lambda_function" "serve" {
  environment {
    variables = {
      API_TOKEN = "9f8e7d6c5b4a39281706f5e4d3c2" # want "^aws_lambda_function.serve.environment.variables.API_TOKEN holds what looks like a secret"
    }
  }
}

resource "aws_ecs_task_definition" "serve" {
  container_definitions = jsonencode([{
    environment = [{ name = "DB_PASSWORD", value = "s3cr3t-and-long" }] # want "container_definitions.environment.DB_PASSWORD holds"
  }])
}

resource "aws_ssm_parameter" "salt" {
  type  = "SecureString"
  value = "pepper-and-salt" # want "^aws_ssm_parameter.salt.value holds"
}

resource "aws_instance" "encoded" {
  user_data_base64 = "IyEvYmluL3NoCmV4cG9ydCBEQl9QQVNTV09SRD1zM2NyM3QtYW5kLWxvbmcK" # want "user_data_base64 .DB_PASSWORD. holds"
}

provider "aws" {
  alias      = "documented"
  access_key = "AKIAIOSFODNN7EXAMPLE"                     # want "^provider.aws.access_key holds"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" # want "^provider.aws.secret_key holds"
}

locals {
  secrets = { queue = "k7Hq2-Vb9xZ1" } # want "^local.secrets.queue holds"
}
