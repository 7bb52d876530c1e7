anomaly_threshold  = 25
env                = "prod"
latency_limit_ms   = 100
log_retention_days = 90
monthly_budget     = 600
