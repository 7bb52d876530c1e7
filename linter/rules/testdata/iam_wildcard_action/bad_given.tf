# A module that is not at hand takes policies as text; what it makes of them nobody sees here.
module "bucket" {
  source  = "terraform-aws-modules/s3-bucket/aws"
  version = "4.1.0"
  policy  = "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::123456789012:root\"}, \"Action\": \"s3:Get*\", \"Resource\": \"*\"}]}" # want "module.bucket.policy allows \"s3:Get\\*\""
}

module "role" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-role"
  version = "6.2.0"
  inline_policies = {
    deploy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = ["ecs:*"] # want "module.role.inline_policies.deploy allows \"ecs:\\*\""
        Resource = "arn:aws:ecs:eu-west-1:123456789012:service/main/*"
      }]
    })
    read = data.aws_iam_policy_document.read.json
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["s3:Get*"] # want "module.role.inline_policies.read allows"
    resources = ["arn:aws:s3:::b/*"]
  }
}
