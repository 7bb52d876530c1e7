# Cost Explorer knows a tag once it is activated as a cost allocation tag, which
# only the payer account can do; README, "Before the first apply".

resource "aws_budgets_budget" "monthly" {
  name         = "${local.name}-monthly"
  budget_type  = "COST"
  limit_amount = format("%.1f", var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = ["user:project$titanic-sagemaker"]
  }

  dynamic "notification" {
    for_each = local.budget_alerts
    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value[0]
      subscriber_email_addresses = var.project.alert_emails
      subscriber_sns_topic_arns  = [aws_sns_topic.alerts.arn]
      threshold                  = notification.value[1]
      threshold_type             = "PERCENTAGE"
    }
  }

  # Budgets asks at creation whether it may publish.
  depends_on = [aws_sns_topic_policy.alerts]
}

resource "aws_ce_anomaly_monitor" "project" {
  name         = "${local.name}-project"
  monitor_type = "CUSTOM"

  # The nulls are what Cost Explorer answers; without them every plan would differ.
  monitor_specification = jsonencode({
    And            = null
    CostCategories = null
    Dimensions     = null
    Not            = null
    Or             = null
    Tags = {
      Key          = "project"
      MatchOptions = null
      Values       = ["titanic-sagemaker"]
    }
  })
}

resource "aws_ce_anomaly_subscription" "alerts" {
  name             = "${local.name}-anomalies"
  frequency        = "IMMEDIATE"
  monitor_arn_list = [aws_ce_anomaly_monitor.project.arn]

  subscriber {
    address = aws_sns_topic.alerts.arn
    type    = "SNS"
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.anomaly_threshold)]
    }
  }

  depends_on = [aws_sns_topic_policy.alerts]
}

locals {
  # Kind and percentage of the budget; AWS allows ten alerts.
  budget_alerts = setproduct(["ACTUAL", "FORECASTED"], [50, 80, 100])
}
