# The versions a rollback may go to, if their evidence is still there.
list "titanicml_model_version" "approved" {
  provider = titanicml

  config {
    model_package_group = "titanic-survival"
    approval_status     = "Approved"
  }
}
