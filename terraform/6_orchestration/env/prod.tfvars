env                = "prod"
log_retention_days = 90
retrain_schedule   = "cron(0 4 1 * ? *)"
