# Plans with mocked providers: no account, no engine.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

# OpenTofu makes up values of computed attributes while planning, which the provider then validates.
mock_provider "titanicml" {
  mock_resource "titanicml_training_run" {
    defaults = {
      artifact_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
      artifact_uri    = "s3://titanic-dev-store-123456789012/titanicml/runs/bootstrap/output/model.tar.gz"
    }
  }
}

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
    condition     = [for step in jsondecode(local.pipeline_definition).Steps : step.Name] == ["Split", "Train", "Evaluate", "Seal", "Floor"]
    error_message = "The pipeline's steps are not in order."
  }

  assert {
    condition     = jsondecode(local.pipeline_definition).Steps[4].Arguments.IfSteps[0].Type == "RegisterModel"
    error_message = "Registration stands behind the condition."
  }

  assert {
    condition     = jsondecode(local.pipeline_definition).Steps[1].Arguments.EnableManagedSpotTraining && jsondecode(local.pipeline_definition).Steps[1].Arguments.StoppingCondition.MaxWaitTimeInSeconds == 7200
    error_message = "Spot training needs a maximum wait."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.jobs) == 2 && alltrue([for group in aws_cloudwatch_log_group.jobs : group.retention_in_days == 14])
    error_message = "The groups of SageMaker's jobs have retention."
  }

  assert {
    condition     = titanicml_training_run.bootstrap.use_spot && titanicml_training_run.bootstrap.max_wait == "2h"
    error_message = "The bootstrap run uses spot capacity in dev."
  }

  assert {
    condition = alltrue([for job in [titanicml_training_run.bootstrap, titanicml_evaluation.bootstrap] :
      job.vpc_config.subnets == toset(["subnet-a", "subnet-b"]) && job.enable_network_isolation && job.kms_key_id == local.data_key_arn && job.volume_kms_key_id == local.data_key_arn
    ])
    error_message = "Jobs of Terraform run in the private subnets, isolated, under the data key, as those of the pipeline do."
  }

  assert {
    condition = alltrue(flatten([for statement in data.aws_iam_policy_document.sagemaker_data.statement :
      [for resource in statement.resources : !strcontains(resource, "/evaluations/") || endswith(resource, "/output/*")]
      if contains(statement.actions, "s3:PutObject")
    ]))
    error_message = "A job writes its output; evidence.json beside it is for the provider and for Seal."
  }
}

run "on_demand" {
  command = plan

  variables {
    env      = "prod"
    use_spot = false
  }

  assert {
    condition     = !can(jsondecode(local.pipeline_definition).Steps[1].Arguments.StoppingCondition.MaxWaitTimeInSeconds)
    error_message = "SageMaker refuses a maximum wait without spot."
  }
}

run "refuses_a_floor_of_one" {
  command = plan

  variables {
    env            = "dev"
    accuracy_floor = 1
  }

  expect_failures = [var.accuracy_floor]
}

run "refuses_another_environment" {
  command = plan

  variables {
    env = "staging"
  }

  expect_failures = [var.env]
}
