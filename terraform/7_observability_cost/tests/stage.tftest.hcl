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

override_data {
  target = data.terraform_remote_state.orchestration
  values = {
    outputs = {
      dead_letter_queue    = "titanic-dev-undelivered"
      function_names       = ["titanic-dev-candidate", "titanic-dev-dispatch", "titanic-dev-validate"]
      state_machine_arn    = "arn:aws:states:eu-west-1:123456789012:stateMachine:titanic-dev-retrain"
      training_failed_rule = "titanic-dev-training-failed"
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
  monthly_budget     = 150
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
    condition     = local.budget_alerts == setproduct(["ACTUAL", "FORECASTED"], [50, 80, 100])
    error_message = "The budget warns at 50, 80 and 100 percent, of actual and of forecast cost."
  }

  assert {
    condition     = alltrue([for needed in ["endpoint-5xx", "endpoint-latency", "retrain-failed", "training-failed", "orphans"] : contains(keys(local.alarms), needed)])
    error_message = "An alarm that the founding document asks for is missing."
  }

  assert {
    condition     = alltrue([for alarm in local.alarms : fileexists("${path.module}/../../docs/runbooks/${alarm.runbook}.md")])
    error_message = "An alarm names a runbook that is not there."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.main.dashboard_body).widgets) == length(local.widgets) + 2
    error_message = "The dashboard has a widget per subject, a text and the alarms."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_composite_alarm.release.alarm_rule, "ALARM(\"titanic-dev-endpoint-5xx\")")
    error_message = "The release check looks at the endpoint."
  }
}

run "refuses_no_budget" {
  command = plan

  variables {
    env            = "dev"
    monthly_budget = 0
  }

  expect_failures = [var.monthly_budget]
}

run "refuses_another_environment" {
  command = plan

  variables {
    env = "staging"
  }

  expect_failures = [var.env]
}
