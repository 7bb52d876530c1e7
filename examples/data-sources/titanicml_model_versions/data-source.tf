# Versions that nobody has decided on, newest first, whoever registered them.
data "titanicml_model_versions" "waiting" {
  model_package_group = "titanic-survival"
  approval_status     = "PendingManualApproval"
}

output "newest_candidate" {
  value = data.titanicml_model_versions.waiting.latest_arn
}
