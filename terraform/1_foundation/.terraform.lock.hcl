# The versions that the workflows and `make bootstrap` run the stages with, for all of them: without it every run would take the
# newest hashicorp/aws, and the ledger, which counts the lock file to a stage's sources, would call each stage changed.
# `scripts/stages` puts it beside a stage as its lock file unless git has one there. It holds no checksums: titanicml is built
# from these sources, and a Mac's differ from the runner's. To upgrade, change a version here; the plans show the rest.
provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = ">= 5.46.0, < 7.0.0"
}

provider "registry.terraform.io/titanicml/titanicml" {
  version     = "0.1.0"
  constraints = ">= 0.1.0, < 1.0.0"
}
