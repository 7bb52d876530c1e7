env = "dev"
gate = {
  approval      = false
  max_class_gap = 0.3
  max_drop      = 0.02
  max_log_loss  = 0.6
  min_accuracy  = 0.74
  min_auc       = 0.78
  min_recall    = 0.5
}
instance_type      = "ml.t2.medium"
log_retention_days = 14
