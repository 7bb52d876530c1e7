capacity = { max = 4, min = 2 }
env      = "prod"
gate = {
  approval      = true
  max_class_gap = 0.25
  max_drop      = 0.01
  max_log_loss  = 0.55
  min_accuracy  = 0.76
  min_auc       = 0.8
  min_recall    = 0.55
}
instance_type      = "ml.m5.large"
latency_limit_ms   = 100
log_retention_days = 90
