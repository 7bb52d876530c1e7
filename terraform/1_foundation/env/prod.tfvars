env                   = "prod"
state_noncurrent_days = 365
