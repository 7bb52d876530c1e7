resource "aws_sagemaker_model_package_group" "survival" {
  model_package_group_name        = local.group
  model_package_group_description = "Who survived the Titanic: candidates and champions of ${var.env}"
}

# Whoever else has rights on SageMaker in this account: only the deployment role and
# a person with the approver role change the approval of a version. The function
# candidate of stage 6 adds lineage; its own policy keeps it from the approval.
resource "aws_sagemaker_model_package_group_policy" "survival" {
  model_package_group_name = aws_sagemaker_model_package_group.survival.model_package_group_name
  resource_policy          = data.aws_iam_policy_document.group.json
}

data "aws_iam_policy_document" "group" {
  statement {
    sid       = "ApprovalByFewRoles"
    effect    = "Deny"
    actions   = ["sagemaker:UpdateModelPackage"]
    resources = ["${local.sagemaker_arn}:model-package/${local.group}/*"]

    condition {
      test     = "ArnNotLike"
      values   = [for role in ["apply", "approver", "candidate"] : "arn:aws:iam::${local.account_id}:role/${local.name}-${role}"]
      variable = "aws:PrincipalArn"
    }

    principals {
      identifiers = ["arn:aws:iam::${local.account_id}:root"]
      type        = "AWS"
    }
  }
}

locals {
  group = "${local.name}-survival"
}
