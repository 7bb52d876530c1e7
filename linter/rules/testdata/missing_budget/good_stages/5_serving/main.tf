resource "aws_sagemaker_endpoint" "titanic" {
  name                 = "titanic"
  endpoint_config_name = "titanic"
}
