variable "db_password" {
  type      = string
  sensitive = true
}

variable "api_token" {
  default = "changeme"
}

data "aws_secretsmanager_secret_version" "db" {
  secret_id = "titanic/db"
}

resource "aws_db_instance" "main" {
  password                    = data.aws_secretsmanager_secret_version.db.secret_string
  manage_master_user_password = true
}

resource "aws_lambda_function" "serve" {
  environment {
    variables = {
      DB_PASSWORD_PARAMETER = "/titanic/db/password"
      API_TOKEN             = var.api_token
      SECRET_ARN            = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:titanic"
      SECRET_NAME           = "titanic-db-credentials"
    }
  }
}

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length = 14
  require_symbols         = true
}

# The documented example key of AWS is no secret: AKIAIOSFODNN7EXAMPLE.
resource "aws_ssm_parameter" "hash" {
  name        = "/titanic/model"
  value       = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  description = "token: see the runbook"
}

resource "aws_efs_file_system" "data" {
  creation_token = "titanic-2026a1b2c3" # names a request, opens nothing
}

resource "aws_instance" "runner" {
  user_data = <<-EOT
    export DB_PASSWORD=$(aws ssm get-parameter --name /db/password --with-decryption)
    curl -H "Authorization: Bearer $TOKEN" https://example.org
    password: ${var.db_password}
  EOT
}

resource "aws_ecs_task_definition" "serve" {
  container_definitions = jsonencode([{
    secrets = [{ name = "DB_PASSWORD", valueFrom = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3" }]
  }])
}

provider "aws" {
  access_key = "test" # a local endpoint takes anything
  secret_key = "test"
}

variable "tls_key" {
  type = string

  validation {
    condition     = startswith(var.tls_key, "-----BEGIN PRIVATE KEY-----")
    error_message = "The key begins with -----BEGIN PRIVATE KEY-----."
  }
}

resource "aws_iam_role" "ci" {
  assume_role_policy = jsonencode({
    Statement = [{ Condition = { StringLike = { "token.actions.githubusercontent.com:sub" = "repo:acmeCorp99/*" } } }]
  })
}
