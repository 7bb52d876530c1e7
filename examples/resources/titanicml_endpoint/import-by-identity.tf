import {
  to = titanicml_endpoint.survival
  identity = {
    name = "titanic-survival"
  }
}
