resource "aws_sagemaker_endpoint" "titanic" {
  name                 = "titanic"
  endpoint_config_name = "titanic"
}

resource "aws_budgets_budget" "silent" { # want "aws_budgets_budget.silent notifies nobody; add a notification with a subscriber"
  budget_type  = "COST"
  limit_amount = "100"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator = "GREATER_THAN"
    threshold           = 80
    threshold_type      = "PERCENTAGE"
    notification_type   = "ACTUAL"
  }
}

resource "aws_budgets_budget" "endless" { # want "aws_budgets_budget.endless has no amount; set limit_amount"
  budget_type = "COST"
  time_unit   = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = ["team@example.com"]
  }
}
