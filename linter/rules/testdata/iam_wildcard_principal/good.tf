resource "aws_s3_bucket_policy" "data" {
  bucket = "titanic-data"
  policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "s3:GetObject"
        Principal = "*"
        Resource  = "arn:aws:s3:::titanic-data/*"
        Condition = { StringEquals = { "aws:PrincipalOrgID" = var.organization } }
      },
      {
        Effect    = "Deny"
        Action    = "s3:*"
        Principal = "*"
        Resource  = "arn:aws:s3:::titanic-data/*"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_iam_role" "deploy" {
  name = "titanic-deploy"
  assume_role_policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = { StringEquals = { "token.actions.githubusercontent.com:sub" = "repo:acme/titanic:environment:prod" } }
    }]
  })
}

resource "aws_lambda_permission" "organization" {
  action           = "lambda:InvokeFunction"
  function_name    = "titanic-gate"
  principal        = "*"
  principal_org_id = "o-abc1234567"
}

resource "aws_lambda_permission" "events" {
  action        = "lambda:InvokeFunction"
  function_name = "titanic-gate"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.failed.arn
}

variable "organization" {
  type = string
}
