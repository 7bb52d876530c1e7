# Finished runs of one name, with the whole resources, so that -generate-config-out writes their configuration.
list "titanicml_training_run" "survival" {
  provider         = titanicml
  include_resource = true

  config {
    name   = "titanic-survival"
    status = "Completed"
    tags   = { env = "dev" }
  }
}
