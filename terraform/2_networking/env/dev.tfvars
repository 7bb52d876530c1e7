cidr               = "10.20.0.0/20"
endpoint_zones     = 1
env                = "dev"
log_retention_days = 14
zones              = ["a", "b"]
