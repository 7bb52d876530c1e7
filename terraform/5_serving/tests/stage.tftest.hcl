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

variables {
  project = {
    account_ids       = { dev = "123456789012", prod = "210987654321" }
    alert_emails      = ["mlops@example.com"]
    cost_center       = "ml-1001"
    github_repository = "owner/name"
    owner             = "mlops"
    region            = "eu-west-1"
  }
  gate = {
    approval      = true
    max_class_gap = 0.25
    max_drop      = 0.01
    max_log_loss  = 0.55
    min_accuracy  = 0.76
    min_auc       = 0.8
    min_recall    = 0.55
  }
  instance_type      = "ml.t2.medium"
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
    condition     = titanicml_endpoint.survival.instance.type == "ml.t2.medium" && titanicml_endpoint.survival.serverless == null && titanicml_endpoint.survival.rollout == null
    error_message = "dev serves on the smallest instance and moves at once."
  }

  assert {
    condition     = titanicml_endpoint.survival.vpc_config.subnets == toset(["subnet-a", "subnet-b"]) && titanicml_endpoint.survival.kms_key_arn == local.data_key_arn
    error_message = "The endpoint stands in the private subnets, with the data key on its volumes."
  }

  assert {
    condition     = titanicml_promotion.survival.candidate == local.bootstrap_version_arn && titanicml_promotion.survival.evaluation == local.bootstrap_evaluation
    error_message = "Without a candidate the bootstrap version stands at the gate, with its own evaluation."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency.threshold == 200000
    error_message = "ModelLatency is measured in microseconds."
  }
}

run "serverless" {
  command = plan

  variables {
    env           = "dev"
    instance_type = null
  }

  assert {
    condition     = titanicml_endpoint.survival.serverless.memory_mb == 2048 && titanicml_endpoint.survival.instance == null && titanicml_endpoint.survival.vpc_config == null && !output.costs_at_rest
    error_message = "Without an instance type the endpoint is serverless."
  }
}

run "prod" {
  command = plan

  variables {
    env = "prod"
  }

  assert {
    condition     = titanicml_endpoint.survival.rollout.strategy == "canary" && length(titanicml_endpoint.survival.rollout.alarms) == 2
    error_message = "prod rolls out as a canary under alarms."
  }

  assert {
    condition     = titanicml_promotion.survival.approval.required && titanicml_promotion.survival.approval.distinct_from_trainer
    error_message = "In prod a person who did not train approves."
  }
}

run "refuses_prod_without_approval" {
  command = plan

  variables {
    env = "prod"
    gate = {
      approval      = false
      max_class_gap = 0.25
      max_drop      = 0.01
      max_log_loss  = 0.55
      min_accuracy  = 0.76
      min_auc       = 0.8
      min_recall    = 0.55
    }
  }

  expect_failures = [var.gate]
}

run "refuses_a_rollback_to_nothing" {
  command = plan

  variables {
    env             = "dev"
    rollback_reason = "the model answers nonsense"
  }

  expect_failures = [var.rollback_reason]
}

run "refuses_another_environment" {
  command = plan

  variables {
    env = "staging"
  }

  expect_failures = [var.env]
}
