module "model" {
  source   = "./model"
  artifact = try(titanicml_promotion.x[0].serving.artifact_uri, null)
  image    = titanicml_promotion.x[0].serving.image
}

resource "titanicml_promotion" "x" {
  count     = 1
  candidate = "arn"
}

resource "titanicml_endpoint" "none" {
  name    = "none"
  serving = null
}
