capacity           = { max = 4, min = 2 }
env                = "prod"
instance_type      = "ml.m5.large"
latency_limit_ms   = 100
log_retention_days = 90
