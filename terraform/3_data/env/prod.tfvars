env                = "prod"
log_retention_days = 90
noncurrent_days    = 365
