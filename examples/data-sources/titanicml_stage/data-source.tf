data "titanicml_stage" "data" {
  number     = 3
  source_dir = "${path.module}/../3_data"
}

check "data_is_current" {
  assert {
    condition     = data.titanicml_stage.data.current
    error_message = "3_data was not applied from the sources in this checkout."
  }
}
