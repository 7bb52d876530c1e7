resource "titanicml_endpoint" "survival" {
  name    = "titanic"
  serving = titanicml_promotion.survival.serving
}

# What another stage decided is unknown here.
resource "titanicml_endpoint" "elsewhere" {
  name    = "titanic-elsewhere"
  serving = data.terraform_remote_state.promotion.outputs.serving
}

resource "aws_sagemaker_model" "champion" {
  name = "titanic"

  primary_container {
    image          = data.titanicml_champion.survival.image
    model_data_url = data.titanicml_champion.survival.artifact_uri
  }
}

resource "aws_sagemaker_endpoint_configuration" "main" {
  name = "titanic"

  production_variants {
    model_name    = aws_sagemaker_model.champion.name
    instance_type = "ml.t2.medium"
  }
}

resource "aws_sagemaker_endpoint" "main" {
  endpoint_config_name = aws_sagemaker_endpoint_configuration.main.name
}

resource "titanicml_promotion" "survival" {
  candidate = var.candidate
}

data "titanicml_champion" "survival" {
  model_package_group = "titanic"
}

data "terraform_remote_state" "promotion" {
  backend = "s3"
  config  = { bucket = "state", key = "3_promotion" }
}

variable "candidate" {}

resource "titanicml_endpoint" "decided" {
  name    = "titanic-decided"
  serving = titanicml_promotion.survival.decision == "approved" ? titanicml_promotion.survival.serving : null
}
