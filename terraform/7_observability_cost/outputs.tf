output "alarm_names" {
  description = "Alarms that call people."
  value       = [for alarm in aws_cloudwatch_metric_alarm.main : alarm.alarm_name]
}

output "alerts_topic_arn" {
  description = "Topic of alarms and cost alerts."
  value       = aws_sns_topic.alerts.arn
}

output "budget_name" {
  description = "The monthly budget."
  value       = aws_budgets_budget.monthly.name
}

output "dashboard_name" {
  description = "The dashboard."
  value       = aws_cloudwatch_dashboard.main.dashboard_name
}

output "release_alarm_name" {
  description = "The alarm that is OK when a release may pass."
  value       = aws_cloudwatch_composite_alarm.release.alarm_name
}
