# Fargate takes a delivery in incoming/, checks it and lands it in raw/: work that
# is neither training nor small enough for a function.

resource "aws_cloudwatch_log_group" "etl" {
  name              = local.etl_log_group
  kms_key_id        = local.logs_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_cluster" "etl" {
  name = "${local.name}-etl"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "etl" {
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
  cluster_name       = aws_ecs_cluster.etl.name

  default_capacity_provider_strategy {
    capacity_provider = var.env == "prod" ? "FARGATE" : "FARGATE_SPOT"
    weight            = 1
  }
}

resource "aws_ecs_task_definition" "etl" {
  # checkov:skip=CKV_AWS_249:the roles are two modules; the check compares values that it does not know
  family                   = "${local.name}-etl"
  cpu                      = 256
  execution_role_arn       = module.etl_execution_role.arn
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  task_role_arn            = module.etl_task_role.arn

  container_definitions = jsonencode([{
    name                   = "etl"
    image                  = local.etl_image
    command                = ["--input", "s3://${local.datasets}/incoming/titanic.csv", "--output", "s3://${local.datasets}/raw/titanic.csv"]
    essential              = true
    readonlyRootFilesystem = true
    user                   = "65532"
    environment            = [{ name = "AWS_REGION", value = local.region }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = local.etl_log_group
        awslogs-region        = local.region
        awslogs-stream-prefix = "etl"
      }
    }
  }])

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }
}

# Starts the task: pulls the image, writes the log stream. The program never has it.
module "etl_execution_role" {
  source = "../modules/role"

  name           = "${local.name}-etl-execution"
  boundary_arn   = local.boundary_arn
  description    = "Pulls the ETL image and opens its log stream"
  policies       = { start = data.aws_iam_policy_document.etl_execution.json }
  service        = "ecs-tasks.amazonaws.com"
  source_account = local.account_id
}

# What the program itself may do.
module "etl_task_role" {
  source = "../modules/role"

  name           = "${local.name}-etl-task"
  boundary_arn   = local.boundary_arn
  description    = "Reads deliveries and writes checked data"
  policies       = { data = data.aws_iam_policy_document.etl_task.json }
  service        = "ecs-tasks.amazonaws.com"
  source_account = local.account_id
}

data "aws_iam_policy_document" "etl_execution" {
  statement {
    sid = "PullImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = ["arn:aws:ecr:${local.region}:${local.account_id}:repository/${local.name}-etl"]
  }

  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "OpenLogStream"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${local.region}:${local.account_id}:log-group:${local.etl_log_group}:*"]
  }
}

data "aws_iam_policy_document" "etl_task" {
  statement {
    sid       = "ReadDeliveries"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${local.datasets}/incoming/*"]
  }

  statement {
    sid       = "WriteChecked"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.datasets}/raw/*"]
  }

  statement {
    sid       = "UseDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.data_key_arn]
  }
}

locals {
  etl_image     = "${local.registry}/${local.name}-etl:${var.image_tag}"
  etl_log_group = "/aws/ecs/${local.name}-etl"
}
