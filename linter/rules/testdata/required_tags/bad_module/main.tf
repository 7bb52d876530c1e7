provider "aws" {
  default_tags {
    tags = { project = "titanic", env = "dev", owner = "mlops", managed_by = "terraform", cost_center = "ml-1001" }
  }
}

provider "aws" {
  alias = "bare"
}

module "tagged" {
  source = "./net"
}

module "untagged" {
  source    = "./net"
  providers = { aws = aws.bare }
}
