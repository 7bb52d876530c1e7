resource "aws_sagemaker_endpont" "titanic" { # want "aws_sagemaker_endpont.titanic is of the resource type \"aws_sagemaker_endpont\", which hashicorp/aws 6.25.0 does not have; did you mean aws_sagemaker_endpoint\\?"
  name = "titanic"
}

resource "aws_lambda_function" "gate" { # want "aws_lambda_function.gate lacks the required argument function_name"
  role        = aws_iam_role.gate.arn
  memory_sise = 128             # want "has an argument memory_sise, which aws_lambda_function does not take; did you mean memory_size\\?"
  timeout     = "one minute"    # want "aws_lambda_function.gate sets timeout to a string; it takes a number"
  layers      = "arn:x"         # want "sets layers to a string; it takes a list of string"
  environment = { A = "b" }     # want "writes environment as an argument; write it as the block environment { ... }"
  invoke_arn  = "arn:aws:x"     # want "sets invoke_arn, which the provider computes; remove it"
  filename    = ["a.zip"]       # want "sets filename to a list; it takes a string"
  tags        = { env = ["x"] } # want "sets tags to a map with a list; it takes a map of string"

  vpc_config {
    subnet_id          = "subnet-1" # want "has an argument vpc_config.subnet_id, which the block vpc_config does not take; did you mean subnet_ids\\?"
    subnet_ids         = ["subnet-1"]
    security_group_ids = ["sg-1"]
  }

  tracing_config { # want "lacks the required argument tracing_config.mode"
  }

  dead_leter_config { # want "has a block dead_leter_config, which aws_lambda_function does not take; did you mean dead_letter_config\\?"
    target_arn = "arn:aws:sqs:eu-west-1:111122223333:titanic"
  }
}

resource "aws_s3_bucket" "data" {
  tags { # want "writes tags as a block; write it as the argument tags = { ... }"
    env = "dev"
  }
}

resource "aws_budgets_budget" "month" {
  budget_type = "COST"
  time_unit   = "MONTHLY"

  dynamic "notification" {
    for_each = [80, 100]
    content {
      comparison_operator = "GREATER_THAN"
      threshold           = notification.value
      notification_type   = "ACTUAL"
      threshold_typ       = "PERCENTAGE" # want "has an argument notification.threshold_typ"
      threshold_type      = "PERCENTAGE"
    }
  }
}

data "aws_caller_identities" "me" {} # want "is of the data source \"aws_caller_identities\", which hashicorp/aws 6.25.0 does not have; did you mean aws_caller_identity\\?"

resource "aws_acmpca_certificate" "ca" { # want "lacks the required block validity"
  certificate_authority_arn   = var.authority
  certificate_signing_request = "x"
  signing_algorithm           = "SHA256WITHRSA"
}

variable "authority" {
  type = string
}
