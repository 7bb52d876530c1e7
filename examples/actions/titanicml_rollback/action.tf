# terraform apply -invoke=action.titanicml_rollback.survival
# moves the champion; the terraform apply after it deploys that champion.
action "titanicml_rollback" "survival" {
  config {
    model_package_group = "titanic-survival"
    reason              = "error rate above 2% since 14:00, incident 42"
  }
}
