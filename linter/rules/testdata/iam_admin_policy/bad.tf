resource "aws_iam_policy" "admin" {
  name = "titanic-admin"
  policy = jsonencode({
    Statement = [{
      Effect   = "Allow"
      Action   = ["*"] # want "aws_iam_policy.admin allows \"\\*\" on \"\\*\", so its holder is an administrator"
      Resource = ["*"]
    }]
  })
}

resource "aws_ssoadmin_permission_set_inline_policy" "people" {
  instance_arn       = var.instance
  permission_set_arn = var.permission_set
  inline_policy = jsonencode({
    Statement = { Effect = "Allow", Action = "iam:*", Resource = "*" } # want "allows \"iam:\\*\" on \"\\*\", so its holder can make itself an administrator"
  })
}

resource "aws_iam_role_policy_attachment" "admin" {
  role       = "titanic-train"
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess" # want "aws_iam_role_policy_attachment.admin attaches \"arn:aws:iam::aws:policy/AdministratorAccess\", which allows everything"
}

resource "aws_iam_role" "train" {
  name                = "titanic-train"
  assume_role_policy  = file("trust.json")
  managed_policy_arns = ["arn:${var.partition}:iam::aws:policy/PowerUserAccess"] # want "which allows everything but managing users"
}

resource "aws_ssoadmin_managed_policy_attachment" "people" {
  instance_arn       = var.instance
  permission_set_arn = var.permission_set
  managed_policy_arn = "arn:aws:iam::aws:policy/IAMFullAccess" # want "lets its holder grant itself everything"
}

variable "instance" {
  type = string
}

variable "partition" {
  type = string
}

variable "permission_set" {
  type = string
}
