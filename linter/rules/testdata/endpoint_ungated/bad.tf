resource "titanicml_endpoint" "by_hand" {
  name = "titanic"
  serving = {
    model_package_arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/titanic/3"
    version           = 3 # want "titanicml_endpoint.by_hand serves the version \"3\" written by hand"
  }
}

resource "titanicml_endpoint" "unseen" {
  name    = "titanic"
  serving = { model_package_arn = titanicml_model_version.candidate.arn } # want "titanicml_endpoint.unseen serving comes from titanicml_model_version.candidate, which no gate has decided on"
}

resource "aws_sagemaker_model" "trained" {
  name = "titanic"

  primary_container {
    image          = var.image
    model_data_url = local.artifact # want "aws_sagemaker_model.trained model_data_url comes from titanicml_training_run.candidate, which no gate has decided on; take it from titanicml_promotion.NAME.serving"
  }
}

resource "aws_sagemaker_model" "candidate" {
  container {
    model_package_name = titanicml_promotion.survival.candidate # want "comes from titanicml_promotion.survival.candidate, which the gate may have rejected"
  }
}

resource "aws_sagemaker_model" "path" {
  primary_container {
    image = var.image

    model_data_source {
      s3_data_source {
        s3_uri = "s3://${var.bucket}/models/latest/" # want "s3_uri is \"s3://.../models/latest/\", which no gate has decided on"
      }
    }
  }
}

resource "aws_sagemaker_model" "in_image" {
  primary_container {
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/titanic:latest" # want "aws_sagemaker_model.in_image image is .*titanic:latest\", which no gate has decided on"
  }
}

resource "aws_sagemaker_endpoint_configuration" "main" {
  production_variants {
    model_name    = "made-in-the-console" # want "aws_sagemaker_endpoint_configuration.main model_name is \"made-in-the-console\", which is not declared here"
    instance_type = "ml.t2.medium"
  }
  shadow_production_variants {
    model_name = "made-beside-it" # want "model_name is \"made-beside-it\", which is not declared here"
  }
}

resource "aws_sagemaker_endpoint" "main" {
  endpoint_config_name = "made-in-the-console" # want "aws_sagemaker_endpoint.main endpoint_config_name is \"made-in-the-console\", which is not declared here"
}

locals {
  artifact = titanicml_training_run.candidate.artifact_uri
}

resource "titanicml_training_run" "candidate" {
  name = "titanic"
}

resource "titanicml_model_version" "candidate" {
  artifact_uri = local.artifact
}

resource "titanicml_promotion" "survival" {
  candidate = titanicml_model_version.candidate.arn
}

variable "bucket" {}
variable "image" {}

resource "aws_sagemaker_model" "fallback" {
  primary_container {
    model_data_url = try(titanicml_promotion.survival.serving.artifact_uri, "s3://titanic/first.tar.gz") # want "model_data_url may be \"s3://titanic/first.tar.gz\", which no gate has decided on"
  }
}

resource "aws_sagemaker_model" "first_of" {
  primary_container {
    model_data_url = coalesce(titanicml_promotion.survival.serving.artifact_uri, "s3://titanic/zero.tar.gz") # want "model_data_url may be \"s3://titanic/zero.tar.gz\""
  }
}
