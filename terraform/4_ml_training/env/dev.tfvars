env                = "dev"
log_retention_days = 14
use_spot           = true
