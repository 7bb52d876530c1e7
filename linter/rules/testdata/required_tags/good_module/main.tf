provider "aws" {
  alias = "tagged"
  default_tags {
    tags = local.tags
  }
}

locals {
  tags = { project = "titanic", env = "dev", owner = "mlops", managed_by = "terraform", cost_center = "ml-1001" }
}

module "aliased" {
  source    = "./net"
  providers = { aws = aws.tagged }
}

module "argument" {
  source = "./net"
  tags   = local.tags
}
