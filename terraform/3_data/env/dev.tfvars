env                = "dev"
log_retention_days = 14
noncurrent_days    = 14
