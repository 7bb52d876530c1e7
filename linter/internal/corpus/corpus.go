// Package corpus writes Terraform monorepos of any size for benchmarks: root modules with tags, policies, module calls and
// remote state, and the modules they share. Input: a directory and a size. Output: files, the same for the same size.
package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// modules is the number of shared modules.
const modules = 20

// Size says what Write wrote.
type Size struct{ Roots, Files, Lines int }

// Write makes a monorepo of n root modules: five files of about one hundred lines each, below dir/teams, and shared modules
// below dir/modules.
func Write(dir string, n int) (Size, error) {
	s := Size{Roots: n}
	w := func(name, text string) error {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		s.Files++
		s.Lines += strings.Count(text, "\n")
		return os.WriteFile(name, []byte(text), 0o644)
	}
	for i := range modules {
		if err := w(fmt.Sprintf("modules/m%02d/main.tf", i), shared(i)); err != nil {
			return s, fmt.Errorf("write corpus: %w", err)
		}
	}
	for i := range n {
		root := fmt.Sprintf("teams/t%02d/s%04d", i%50, i)
		for name, text := range map[string]string{"main.tf": head(i), "variables.tf": variables(i), "storage.tf": storage(i), "iam.tf": iam(i), "compute.tf": compute(i)} {
			if err := w(root+"/"+name, text); err != nil {
				return s, fmt.Errorf("write corpus: %w", err)
			}
		}
	}
	return s, nil
}

func shared(i int) string {
	return fmt.Sprintf(`variable "name" {
  description = "name of the service"
  type        = string
}

variable "tags" {
  description = "tags of everything"
  type        = map(string)
  default     = {}
}

locals {
  full = "${var.name}-m%02d"
}

resource "aws_sqs_queue" "dead" {
  name = "${local.full}-dead"
  tags = var.tags
}

resource "aws_sqs_queue" "main" {
  name           = local.full
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 5 })
  tags           = merge(var.tags, { queue = local.full })
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/service/${local.full}"
  retention_in_days = 30
  tags              = var.tags
}

output "queue_arn" {
  description = "the queue"
  value       = aws_sqs_queue.main.arn
}
`, i)
}

func head(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `terraform {
  required_version = ">= 1.8, < 2.0"

  backend "s3" {
    bucket       = "state-%04d"
    key          = "s%04d/terraform.tfstate"
    region       = "eu-west-1"
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

data "terraform_remote_state" "net" {
  backend = "s3"
  config = {
    bucket = "state-%04d"
    key    = "net/terraform.tfstate"
    region = "eu-west-1"
  }
}

locals {
  name = "s%04d-${var.env}"
  tags = {
    project     = "service-%04d"
    env         = var.env
    owner       = "team-%02d"
    managed_by  = "terraform"
    cost_center = "cc-%04d"
  }
}
`, i, i, i/50, i, i, i%50, i%997)
	for j := range 6 {
		fmt.Fprintf(&b, `
# Queue number %d of the service: what it takes, and who may write to it, stands in the module.
module "queue_%d" {
  source = "../../../modules/m%02d"

  name = "${local.name}-%d"
  tags = local.tags
}
`, j, j, (i+j)%modules, j)
	}
	return b.String()
}

func variables(i int) string {
	var b strings.Builder
	b.WriteString(`variable "env" {
  description = "environment"
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "env is dev or prod."
  }
}

variable "region" {
  description = "region"
  type        = string
  default     = "eu-west-1"
}
`)
	for j := range 14 {
		fmt.Fprintf(&b, `
variable "setting_%02d" {
  description = "setting %d of service %d"
  type        = object({ size = optional(number, %d), name = string })
  default     = { name = "n%d" }
}
`, j, j, i, j+1, j)
	}
	return b.String()
}

func storage(i int) string {
	var b strings.Builder
	for j := range 6 {
		fmt.Fprintf(&b, `resource "aws_s3_bucket" "data_%d" {
  bucket = "${local.name}-data-%d-%04d"

  tags = merge(local.tags, {
    Name    = "${local.name}-data-%d"
    content = "records"
  })
}

resource "aws_s3_bucket_versioning" "data_%d" {
  bucket = aws_s3_bucket.data_%d.id

  versioning_configuration {
    status = "Enabled"
  }
}

`, j, j, i, j, j, j)
	}
	return b.String()
}

func iam(i int) string {
	var b strings.Builder
	for j := range 2 {
		fmt.Fprintf(&b, `data "aws_iam_policy_document" "task_%d" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [aws_s3_bucket.data_%d.arn, "${aws_s3_bucket.data_%d.arn}/*"]
  }

  statement {
    sid       = "Queue"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    resources = [module.queue_%d.queue_arn]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }
}

resource "aws_iam_policy" "task_%d" {
  name   = "${local.name}-task-%d"
  policy = data.aws_iam_policy_document.task_%d.json
}

resource "aws_iam_role" "task_%d" {
  name = "${local.name}-task-%d"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

`, j, j, j, j, j, j, j, j, j)
	}
	fmt.Fprintf(&b, `resource "aws_iam_role_policy" "wide" {
  role   = aws_iam_role.task_0.id
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        { "Effect": "Allow", "Action": "dynamodb:%s", "Resource": "${data.terraform_remote_state.net.outputs.table_arn}" }
      ]
    }
  EOT
}
`, []string{"GetItem", "*", "Query"}[i%3])
	return b.String()
}

func compute(i int) string {
	var b strings.Builder
	for j := range 5 {
		fmt.Fprintf(&b, `resource "aws_lambda_function" "fn_%d" {
  function_name = "${local.name}-fn-%d"
  role          = aws_iam_role.task_%d.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  s3_bucket     = aws_s3_bucket.data_%d.bucket
  s3_key        = "fn-%d.zip"
  timeout       = 30

  environment {
    variables = {
      TABLE = data.terraform_remote_state.net.outputs.table_name
      QUEUE = module.queue_%d.queue_arn
      STAGE = var.env
    }
  }
}

resource "aws_cloudwatch_log_group" "fn_%d" {
  name              = "/aws/lambda/${aws_lambda_function.fn_%d.function_name}"
  retention_in_days = %d
}

`, j, j, j%2, j, j, j, j, j, []int{30, 90, 365, 0}[(i+j)%4])
	}
	b.WriteString(`output "roles" {
  description = "roles of the tasks"
  value       = [aws_iam_role.task_0.arn, aws_iam_role.task_1.arn]
}
`)
	return b.String()
}
