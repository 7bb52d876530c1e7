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
  target = data.terraform_remote_state.data
  values = {
    outputs = {
      artifacts_bucket        = "titanic-dev-artifacts-123456789012"
      datasets_bucket         = "titanic-dev-datasets-123456789012"
      etl_role_arns           = ["arn:aws:iam::123456789012:role/titanic-dev-etl-execution", "arn:aws:iam::123456789012:role/titanic-dev-etl-task"]
      etl_security_group_id   = "sg-workload"
      etl_subnet_ids          = ["subnet-a", "subnet-b"]
      etl_task_definition     = "titanic-dev-etl"
      holdout                 = { sha256 = "b", uri = "s3://titanic-dev-store-123456789012/titanicml/data/sha256/b/holdout.csv" }
      raw_data_uri            = "s3://titanic-dev-datasets-123456789012/raw/titanic.csv"
      train                   = { sha256 = "a", uri = "s3://titanic-dev-store-123456789012/titanicml/data/sha256/a/train.csv" }
      workload_image          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/titanic-dev-workload:t1"
      workload_repository_arn = "arn:aws:ecr:eu-west-1:123456789012:repository/titanic-dev-workload"
    }
  }
}

override_data {
  target = data.terraform_remote_state.ml_training
  values = {
    outputs = {
      bootstrap_evaluation  = "titanic-dev-bootstrap-1"
      bootstrap_version_arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/titanic-dev-survival/1"
      evaluation_dataset    = { holdout_uri = "s3://titanic-dev-store-123456789012/h.csv", train_uri = "s3://titanic-dev-store-123456789012/t.csv" }
      model_package_group   = "titanic-dev-survival"
      pipeline_name         = "titanic-dev-survival"
      pipeline_steps        = ["Split", "Train", "Evaluate", "Seal", "Register"]
      sagemaker_role_arn    = "arn:aws:iam::123456789012:role/titanic-dev-sagemaker"
      seal_function_name    = "titanic-dev-seal"
      workload_image        = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/titanic-dev-workload:t1"
    }
  }
}

override_data {
  target = data.terraform_remote_state.serving
  values = {
    outputs = {
      costs_at_rest    = true
      endpoint_name    = "titanic-dev-survival"
      endpoint_variant = "champion"
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
    condition = alltrue([
      for name, state in jsondecode(local.definition).States :
      length(state.Retry) > 0 && (name == "TellSuccess" || try(length(state.Catch), 0) > 0) && state.TimeoutSeconds > 0 if state.Type == "Task"
    ])
    error_message = "Every task retries, catches and ends."
  }

  assert {
    condition     = length(aws_scheduler_schedule.suspend) == 1 && jsondecode(aws_scheduler_schedule.suspend[0].target[0].input).EndpointName == "titanic-dev-survival"
    error_message = "dev is suspended outside working hours."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failures["training-failed"].event_pattern)["detail-type"] == ["SageMaker Training Job State Change"]
    error_message = "Failed training jobs are told."
  }

  assert {
    condition     = local.workflow == "deploy-dev.yml"
    error_message = "dev dispatches the deployment of dev."
  }
}

run "prod" {
  command = plan

  variables {
    env = "prod"
  }

  assert {
    condition     = length(aws_scheduler_schedule.suspend) == 0 && length(aws_scheduler_schedule.resume) == 0
    error_message = "prod is never suspended."
  }

  assert {
    condition     = local.workflow == "promote-prod.yml"
    error_message = "prod dispatches the promotion."
  }
}

run "refuses_no_schedule" {
  command = plan

  variables {
    env              = "dev"
    retrain_schedule = "every monday"
  }

  expect_failures = [var.retrain_schedule]
}

run "refuses_another_environment" {
  command = plan

  variables {
    env = "staging"
  }

  expect_failures = [var.env]
}
