resource "aws_iam_openid_connect_provider" "github" {
  count = local.owns_account ? 1 : 0

  client_id_list = ["sts.amazonaws.com"]
  url            = "https://${local.github_host}"

  # AWS checks GitHub's certificate against its own trust store; hashicorp/aws 5
  # still requires the argument.
  thumbprint_list = [
    "1c58a3a8518e8759bf075b76b750d4f2df264fcd",
    "6938fd4d98bab03faadb97b34396831e3780aea1",
  ]
}

resource "aws_iam_role" "apply" {
  name                 = "${local.name}-apply"
  assume_role_policy   = data.aws_iam_policy_document.apply_trust.json
  description          = "Applies stages 2 to 7 in ${var.env}, from the GitHub environment ${var.env} alone"
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.ci_boundary.arn
}

resource "aws_iam_role" "plan" {
  name                 = "${local.name}-plan"
  assume_role_policy   = data.aws_iam_policy_document.plan_trust.json
  description          = "Plans pull requests against ${var.env}; reads only"
  max_session_duration = 3600
  permissions_boundary = aws_iam_policy.ci_boundary.arn
}

data "aws_iam_policy_document" "apply_trust" {
  # checkov:skip=CKV_AWS_358:the subject is repo:OWNER/NAME:environment:ENV in full, whose first part is a variable
  statement {
    sid     = "Environment"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    condition {
      test     = "StringEquals"
      values   = ["sts.amazonaws.com"]
      variable = "${local.github_host}:aud"
    }

    condition {
      test     = "StringEquals"
      values   = ["repo:${var.project.github_repository}:environment:${var.env}"]
      variable = "${local.github_host}:sub"
    }

    principals {
      identifiers = [local.github_provider_arn]
      type        = "Federated"
    }
  }
}

data "aws_iam_policy_document" "plan_trust" {
  statement {
    sid     = "PullRequest"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    condition {
      test     = "StringEquals"
      values   = ["sts.amazonaws.com"]
      variable = "${local.github_host}:aud"
    }

    condition {
      test     = "StringEquals"
      values   = ["repo:${var.project.github_repository}:pull_request"]
      variable = "${local.github_host}:sub"
    }

    principals {
      identifiers = [local.github_provider_arn]
      type        = "Federated"
    }
  }

  dynamic "statement" {
    for_each = length(var.operator_principals) == 0 ? [] : [1]
    content {
      sid     = "Operator"
      actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]

      principals {
        identifiers = [aws_iam_role.operator.arn]
        type        = "AWS"
      }
    }
  }
}

locals {
  github_host         = "token.actions.githubusercontent.com"
  github_provider_arn = "${local.arn.iam}:oidc-provider/${local.github_host}"
}
