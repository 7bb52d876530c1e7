resource "aws_iam_group_policy" "science" {
  name  = "titanic-science"
  group = "science"
  policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        NotAction = ["iam:*", "organizations:*"] # want "aws_iam_group_policy.science allows by NotAction every action but \"iam:\\*\" and 1 more"
        Resource  = "arn:aws:s3:::titanic-data"
      },
      {
        Effect      = "Allow"
        Action      = "s3:GetObject"
        NotResource = "arn:aws:s3:::secrets/*" # want "allows \"s3:GetObject\" by NotResource on every resource but \"arn:aws:s3:::secrets/\\*\""
      },
    ]
  })
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.url
  policy = jsonencode({
    Statement = [{
      Effect       = "Allow"
      NotPrincipal = { AWS = "arn:aws:iam::111122223333:root" } # want "by NotPrincipal to everybody in the world but a few"
      Action       = "sqs:SendMessage"
      Resource     = aws_sqs_queue.jobs.arn
    }]
  })
}
