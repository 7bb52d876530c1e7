data "aws_iam_policy_document" "data" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::titanic-data/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"] # want "aws_s3_bucket_policy.data allows \"s3:GetObject\" to principal \"\\*\", that is everybody in the world, which the condition \"StringLike\" on \"aws:Referer\" does not limit"
    }

    condition {
      test     = "StringLike"
      variable = "aws:Referer"
      values   = ["https://example.com/*"]
    }
  }
}

resource "aws_s3_bucket_policy" "data" {
  bucket = "titanic-data"
  policy = data.aws_iam_policy_document.data.json
}

resource "aws_iam_role" "deploy" {
  name = "titanic-deploy"
  assume_role_policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" } # want "trusts every token of \"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com\", which the condition \"StringEquals\" on \"token.actions.githubusercontent.com:aud\" does not limit; add a condition on token.actions.githubusercontent.com:sub that names a repository"
        Condition = { StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" } }
      },
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = "*" # want "aws_iam_role.deploy allows \"sts:AssumeRole\" to principal \"\\*\""
        Condition = { StringLike = { "aws:PrincipalOrgID" = "o-*" } }
      },
    ]
  })
}

resource "aws_lambda_permission" "anyone" {
  statement_id  = "anyone"
  action        = "lambda:InvokeFunction"
  function_name = "titanic-gate"
  principal     = "*" # want "aws_lambda_permission.anyone allows \"lambda:InvokeFunction\" to principal \"\\*\""
}

resource "aws_lambda_permission" "events" {
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = "titanic-gate"
  principal     = "events.amazonaws.com" # want "aws_lambda_permission.events lets events.amazonaws.com invoke the function on behalf of every account; set source_arn or source_account"
}
