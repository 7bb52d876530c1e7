env                = "dev"
log_retention_days = 14
monthly_budget     = 150
