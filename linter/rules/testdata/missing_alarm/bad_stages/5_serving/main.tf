provider "titanicml" {
  engine = var.engine
}

variable "engine" {
  type = string
}

resource "titanicml_endpoint" "titanic" { # want "titanicml_endpoint.titanic serves, and no alarm" "titanicml_endpoint.titanic costs by the hour, and nobody"
  name = "titanic"
}
