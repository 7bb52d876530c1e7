variable "tags" {
  type = map(string)
}

provider "aws" {
  default_tags {
    tags = merge(var.tags, { project = "titanic" })
  }
}

provider "titanicml" {
  default_tags = { project = "titanic", env = "dev", owner = "mlops", managed_by = "terraform", cost_center = "ml-1001" }
}

provider "random" {}
