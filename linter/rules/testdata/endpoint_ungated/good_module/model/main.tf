resource "aws_sagemaker_model" "this" {
  name = "titanic"

  primary_container {
    image          = var.image
    model_data_url = var.artifact
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  production_variants {
    model_name = "titanic"
  }
}

variable "artifact" {}
variable "image" {}
