resource "aws_sagemaker_endpoint" "titanic" { # want "aws_sagemaker_endpoint.titanic costs by the hour, and no aws_budgets_budget watches it"
  name                 = "titanic"
  endpoint_config_name = "titanic"
}

resource "aws_nat_gateway" "a" {
  subnet_id = "subnet-1"
}
