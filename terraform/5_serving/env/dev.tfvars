env                = "dev"
instance_type      = "ml.t2.medium"
log_retention_days = 14
