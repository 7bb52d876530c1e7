# Plans with mocked providers: no account, no engine.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

mock_provider "titanicml" {}

override_data {
  target = data.terraform_remote_state.foundation
  values = {
    outputs = {
      account_id            = "123456789012"
      data_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/data"
      logs_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/logs"
      operator_role_arn     = "arn:aws:iam::123456789012:role/titanic-dev-operator"
      owns_account          = true
      store                 = "s3://titanic-dev-store-123456789012/titanicml"
      workload_boundary_arn = "arn:aws:iam::123456789012:policy/titanic-dev-workload-boundary"
    }
  }
}

override_data {
  target = data.terraform_remote_state.networking
  values = {
    outputs = {
      subnet_ids                 = ["subnet-a", "subnet-b"]
      workload_security_group_id = "sg-workload"
    }
  }
}

variables {
  project = {
    account_ids       = { dev = "123456789012", prod = "210987654321" }
    alert_emails      = ["mlops@example.com"]
    cost_center       = "ml-1001"
    github_repository = "owner/name"
    owner             = "mlops"
    region            = "eu-west-1"
  }
  log_retention_days = 14
}

run "dev" {
  command = plan

  variables {
    env = "dev"
  }

  assert {
    condition     = toset(keys(local.tags)) == toset(["cost_center", "env", "managed_by", "owner", "project"])
    error_message = "The five mandatory tags are not all there."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.images : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push])
    error_message = "Images are immutable and scanned on push."
  }

  assert {
    condition     = jsondecode(local.image_lifecycle).rules[0].selection.tagStatus == "untagged"
    error_message = "Untagged images expire first."
  }

  assert {
    condition     = aws_ecs_task_definition.etl.network_mode == "awsvpc" && jsondecode(aws_ecs_task_definition.etl.container_definitions)[0].readonlyRootFilesystem
    error_message = "The ETL task runs in the VPC with a read-only root."
  }

  assert {
    condition     = titanicml_dataset.train.id_column == "passenger_id" && titanicml_dataset.holdout.columns["survived"].nullable == false
    error_message = "The datasets declare their columns."
  }
}

run "refuses_latest" {
  command = plan

  variables {
    env       = "dev"
    image_tag = "latest"
  }

  expect_failures = [var.image_tag]
}

run "refuses_another_environment" {
  command = plan

  variables {
    env = "staging"
  }

  expect_failures = [var.env]
}
