resource "aws_sagemaker_model" "this" {
  name = "titanic"

  primary_container {
    image          = var.image
    model_data_url = var.artifact # want "module.model.aws_sagemaker_model.this model_data_url comes from aws_s3_object.model, which no gate"
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  production_variants {
    model_name = "titanic"
  }
}

variable "artifact" {}
variable "image" {}
