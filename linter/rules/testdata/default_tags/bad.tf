provider "aws" { # want "provider aws sets no default_tags"
  region = "eu-west-1"
}

provider "aws" {
  alias = "us"
  default_tags { # want "provider aws.us default_tags lacks owner, managed_by, cost_center"
    tags = { project = "titanic", env = "dev" }
  }
}

provider "titanicml" {
  default_tags = { project = "titanic" } # want "provider titanicml default_tags lacks env, owner, managed_by, cost_center"
}
