# The endpoints whose name contains "titanic".
list "titanicml_endpoint" "titanic" {
  provider = titanicml

  config {
    name_contains = "titanic"
  }
}
