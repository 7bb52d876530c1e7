variable "env" {
  type = string
}

resource "aws_iam_role" "train" {
  name = "train" # want "aws_iam_role.train is named \"train\", which does not match"
}

resource "aws_sqs_queue" "jobs" {
  name = "titanic-jobs" # want "does not match \\^q-"
}

resource "aws_iam_role" "serve" {
  name = "titanic-${var.env}"
}
