data "aws_iam_policy_document" "train" {
  statement {
    actions   = ["S3:getobject", "s3:${var.verb}Object", "iam:PassRole"]
    resources = ["arn:aws:s3:::titanic-data/*"]
  }
}

resource "aws_iam_policy" "train" {
  name   = "titanic-train"
  policy = data.aws_iam_policy_document.train.json
}

variable "verb" {
  type = string
}
