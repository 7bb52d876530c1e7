env                = "prod"
log_retention_days = 90
use_spot           = false
