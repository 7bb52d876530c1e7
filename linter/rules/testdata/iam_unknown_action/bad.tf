data "aws_iam_policy_document" "train" {
  statement {
    actions = [
      "s3:GetObjects",              # want "aws_iam_policy.train names the action \"s3:GetObjects\", which does not exist; did you mean \"s3:GetObject\"\\?"
      "sagmaker:CreateTrainingJob", # want "did you mean \"sagemaker:CreateTrainingJob\"\\?"
      "ListBucket",                 # want "names the action \"ListBucket\", which has no service before a colon"
      "s3:Retrieve*",               # want "names the action \"s3:Retrieve\\*\", which matches no action"
    ]
    resources = ["arn:aws:s3:::titanic-data/*"]
  }
}

resource "aws_iam_policy" "train" {
  name   = "titanic-train"
  policy = data.aws_iam_policy_document.train.json
}
