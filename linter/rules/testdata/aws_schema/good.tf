resource "aws_lambda_function" "gate" {
  count         = 2
  function_name = "titanic-gate-${count.index}"
  role          = aws_iam_role.gate.arn
  memory_size   = "128"
  timeout       = var.timeout
  publish       = "true"
  layers        = [for n in ["a", "b"] : "arn:aws:lambda:eu-west-1:111122223333:layer:${n}:1"]
  filename      = 7
  tags          = merge(var.tags, { env = "dev", cost = 3 })

  environment {
    variables = { RETRIES = 3 }
  }

  timeouts {
    create = "10m"
  }

  lifecycle {
    ignore_changes = [tags]
  }

  depends_on = [aws_iam_role.gate]
}

resource "aws_iam_role" "gate" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.services
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
    }
  }
}

resource "aws_security_group" "gate" {
  ingress {
    from_port = 443
    to_port   = 443
    protocol  = "tcp"
    self      = true
  }
  egress = []
}

resource "titanicml_dataset" "train" {
  anything = true
}

variable "services" {
  type    = list(string)
  default = ["lambda.amazonaws.com"]
}

variable "tags" {
  type = map(string)
}

variable "timeout" {
  type = number
}
