variable "tags" {
  type = map(string)
}

provider "aws" {
  default_tags {
    tags = { project = "titanic", env = "dev", owner = "mlops", managed_by = "terraform" }
  }
}

provider "aws" {
  alias = "unknown"
  default_tags {
    tags = var.tags
  }
}

resource "aws_s3_bucket" "data" {
  tags = { cost_center = "ml-1001" }
}

# What an unknown map holds is not missing.
resource "aws_s3_bucket" "given" {
  tags = merge(var.tags, { cost_center = "ml-1001" })
}

resource "aws_s3_bucket" "aliased" {
  provider = aws.unknown
}

# This type takes no tags.
resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id
  versioning_configuration {
    status = "Enabled"
  }
}

# Another system sets the owner and what has to do with costs.
provider "aws" {
  alias = "shared"
  default_tags {
    tags = { project = "titanic", env = "dev", managed_by = "terraform" }
  }
  ignore_tags {
    keys         = ["owner"]
    key_prefixes = ["cost_"]
  }
}

resource "aws_s3_bucket" "shared" {
  provider = aws.shared
}

# The list that older versions of the provider take.
resource "aws_autoscaling_group" "listed" {
  tags = [for k, v in { project = "titanic", env = "dev", owner = "mlops", managed_by = "terraform", cost_center = "ml-1001" } : { key = k, value = v }]
}

resource "awscc_s3_bucket_policy" "no_tags_there" {
  bucket = "titanic-data"
}

resource "awscc_pipes_pipe" "map" {
  tags = { project = "titanic", env = "dev", owner = "ml", managed_by = "terraform", cost_center = "42" }
}

resource "awscc_logs_log_group" "set" {
  tags = [for k, v in { project = "titanic", env = "dev", owner = "ml", managed_by = "terraform", cost_center = "42" } : { key = k, value = v }]
}

resource "awscc_backup_backup_plan" "other_name" {
  backup_plan_tags = { project = "titanic", env = "dev", owner = "ml", managed_by = "terraform", cost_center = "42" }
}

# These are the tags of the repositories that ECR makes by the template.
resource "awscc_ecr_repository_creation_template" "others" {
  resource_tags = []
}
