module "model" {
  source   = "./model"
  artifact = "s3://${aws_s3_object.model.bucket}/${aws_s3_object.model.key}"
  image    = "x"
}

resource "aws_s3_object" "model" {}

resource "titanicml_endpoint" "pinned" {
  name    = "pinned"
  serving = merge(data.titanicml_champion.x.serving, { version = 2 }) # want "titanicml_endpoint.pinned serves the version \"2\" written by hand"
}

data "titanicml_champion" "x" {
  model_package_group = "titanic"
}
