env                   = "dev"
state_noncurrent_days = 30
