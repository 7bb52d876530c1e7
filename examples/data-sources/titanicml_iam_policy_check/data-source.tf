data "aws_iam_policy_document" "training" {
  statement {
    sid       = "ReadData"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::titanic-data/*"]
  }
}

# Fails the plan with every finding when somebody widens the document.
data "titanicml_iam_policy_check" "training" {
  policy     = data.aws_iam_policy_document.training.json
  kind       = "identity"
  on_finding = "error"
}

resource "aws_iam_policy" "training" {
  name   = "titanic-training"
  policy = data.titanicml_iam_policy_check.training.policy
  tags   = local.tags
}

locals {
  tags = {
    project     = "titanic-sagemaker"
    env         = "dev"
    owner       = "data-science"
    managed_by  = "terraform"
    cost_center = "ml-research"
  }
}
