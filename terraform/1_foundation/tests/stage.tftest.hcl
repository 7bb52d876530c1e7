# Plans with mocked providers: no account, no engine.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

mock_provider "titanicml" {}

variables {
  project = {
    account_ids       = { dev = "123456789012", prod = "210987654321" }
    alert_emails      = ["mlops@example.com"]
    cost_center       = "ml-1001"
    github_repository = "owner/name"
    owner             = "mlops"
    region            = "eu-west-1"
  }
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
    condition     = local.state == "titanic-dev-state-123456789012" && local.store == "titanic-dev-store-123456789012"
    error_message = "The bucket names do not follow titanic-<env>-<thing>-<account>."
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 1
    error_message = "dev owns its account's OIDC provider."
  }

  assert {
    condition     = aws_cloudtrail.management.is_multi_region_trail && aws_cloudtrail.management.enable_log_file_validation
    error_message = "The trail covers every region and is validated."
  }
}

run "dev_shares_its_ledger_with_the_prod_account" {
  command = plan

  variables {
    env = "dev"
  }

  assert {
    condition     = local.shares_ledger && length(local.data_key_readers) == 1
    error_message = "Prod reads dev's ledger through the bucket's policy and through the key's."
  }
}

run "dev_in_the_same_account_shares_nothing" {
  command = plan

  variables {
    env = "dev"
    project = {
      account_ids       = { dev = "123456789012", prod = "123456789012" }
      alert_emails      = []
      cost_center       = "ml-1001"
      github_repository = "owner/name"
      owner             = "mlops"
      region            = "eu-west-1"
    }
  }

  assert {
    condition     = !local.shares_ledger && length(local.data_key_readers) == 0
    error_message = "In one account IAM decides who reads the ledger."
  }
}

run "prod_in_its_own_account" {
  command = plan

  variables {
    env = "prod"
  }

  assert {
    condition     = local.reads_other_account && length(aws_iam_openid_connect_provider.github) == 1
    error_message = "Prod's role decrypts dev's ledger, and its account has an OIDC provider of its own."
  }
}

run "prod_in_the_same_account" {
  command = plan

  variables {
    env = "prod"
    project = {
      account_ids       = { dev = "123456789012", prod = "123456789012" }
      alert_emails      = []
      cost_center       = "ml-1001"
      github_repository = "owner/name"
      owner             = "mlops"
      region            = "eu-west-1"
    }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && !local.reads_other_account
    error_message = "An account has one OIDC provider for GitHub, and dev has made it."
  }
}

run "refuses_a_wildcard_operator" {
  command = plan

  variables {
    env                 = "dev"
    operator_principals = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.operator_principals]
}

run "refuses_another_environment" {
  command = plan

  variables {
    env = "staging"
  }

  expect_failures = [var.env]
}
