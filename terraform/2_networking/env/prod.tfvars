cidr               = "10.21.0.0/20"
endpoint_zones     = 2
env                = "prod"
log_retention_days = 90
zones              = ["a", "b"]
