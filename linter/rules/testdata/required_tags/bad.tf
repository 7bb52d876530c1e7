variable "extra" {
  type = map(string)
}

resource "aws_s3_bucket" "none" { # want "aws_s3_bucket.none lacks the tags project, env, owner, managed_by, cost_center; add them to tags"
  bucket = "titanic-data"
}

resource "aws_s3_bucket" "some" {
  tags = { # want "lacks the tags managed_by, cost_center \\(the key \"cost_center\" is spelled \"Cost_Center\"\\)"
    project     = "titanic"
    env         = "dev"
    owner       = "mlops"
    Cost_Center = "ml-1001"
  }
}

resource "aws_s3_bucket" "empty" {
  tags = {
    project     = "titanic"
    env         = "dev"
    owner       = "" # want "tag owner is empty"
    managed_by  = "terraform"
    cost_center = "ml-1001"
  }
}

# The known keys beside an unknown map are still checked.
resource "aws_s3_bucket" "merged" {
  tags = merge(var.extra, {
    owner = "" # want "tag owner is empty"
  })
}

resource "aws_autoscaling_group" "workers" { # want "lacks the tag keys env, owner, managed_by, cost_center; add tag blocks"
  max_size = 1
  min_size = 0

  tag {
    key                 = "project"
    value               = "titanic"
    propagate_at_launch = true
  }
}

resource "aws_launch_template" "train" { # want "no tag_specifications for volume"
  tags = local.tags

  tag_specifications { # want "tag_specifications for instance key owner"
    resource_type = "instance"
    tags          = { project = "titanic", env = "dev", managed_by = "terraform", cost_center = "ml-1001" }
  }
}

resource "titanicml_dataset" "train" {
  name = "train"
  tags = { project = "titanic" } # want "titanicml_dataset.train lacks the tags env, owner, managed_by, cost_center"
}

locals {
  tags = { project = "titanic", env = "dev", owner = "mlops", managed_by = "terraform", cost_center = "ml-1001" }
}

resource "aws_s3_bucket" "blank" {
  tags = merge(local.tags, { owner = " " }) # want "tag owner is empty"
}

resource "aws_instance" "train" {
  tags = local.tags

  root_block_device {
    tags = { project = "titanic" } # want "aws_instance.train lacks the root_block_device tags keys env, owner, managed_by, cost_center"
  }
}

resource "awscc_s3_bucket" "untagged" { # want "awscc_s3_bucket.untagged lacks the tags project, env, owner, managed_by, cost_center; add them to tags"
  bucket_name = "titanic-data"
}

resource "awscc_ecs_cluster" "pairs" {
  tags = [{ key = "project", value = "titanic" }, { key = "env", value = "dev" }, { key = "owner", value = "ml" }, { key = "managed_by", value = "terraform" }] # want "lacks the tag cost_center"
}

resource "awscc_pipes_pipe" "map" {
  tags = { project = "titanic", env = "dev", owner = "ml", cost_center = "42" } # want "lacks the tag managed_by"
}

resource "awscc_efs_file_system" "other_name" {
  file_system_tags = [{ key = "project", value = "titanic" }, { key = "env", value = "dev" }, { key = "owner", value = "ml" }, { key = "cost_center", value = "42" }] # want "awscc_efs_file_system.other_name lacks the file_system_tags key managed_by; add them to file_system_tags"
}

resource "awscc_backup_backup_plan" "untagged" { # want "lacks the backup_plan_tags keys project, env, owner, managed_by, cost_center"
}
