provider "titanicml" {
  engine = "local"
}

resource "titanicml_endpoint" "titanic" {
  name    = "titanic"
  serving = null
}
