resource "aws_ecr_lifecycle_policy" "images" {
  for_each = aws_ecr_repository.images

  policy     = local.image_lifecycle
  repository = each.value.name
}

resource "aws_ecr_repository" "images" {
  for_each = local.repositories

  name                 = "${local.name}-${each.key}"
  force_delete         = var.env == "dev"
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = local.data_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

locals {
  # An image that a served model runs on must not vanish, so that only untagged
  # ones expire by age and tagged ones by a generous count.
  image_lifecycle = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "untagged images go after a day"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 1
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "the newest 100 tagged images stay"
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["*"]
          countType      = "imageCountMoreThan"
          countNumber    = 100
        }
        action = { type = "expire" }
      },
    ]
  })

  registry     = "${local.account_id}.dkr.ecr.${local.region}.amazonaws.com"
  repositories = toset(["etl", "workload"])
}
