# The topic of the pipeline's events, and the queue of what could not be delivered.

resource "aws_sns_topic" "pipeline" {
  name              = "${local.name}-pipeline"
  kms_master_key_id = local.logs_key_arn
}

resource "aws_sns_topic_policy" "pipeline" {
  arn    = aws_sns_topic.pipeline.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "people" {
  for_each = toset(var.project.alert_emails)

  endpoint  = each.value
  protocol  = "email"
  topic_arn = aws_sns_topic.pipeline.arn
}

resource "aws_sqs_queue" "dead_letters" {
  name                              = "${local.name}-undelivered"
  kms_data_key_reuse_period_seconds = 300
  kms_master_key_id                 = local.logs_key_arn
  message_retention_seconds         = 1209600
}

resource "aws_sqs_queue_policy" "dead_letters" {
  policy    = data.aws_iam_policy_document.queue.json
  queue_url = aws_sqs_queue.dead_letters.id
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "EventsLeaveUndelivered"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]

    condition {
      test     = "ArnLike"
      values   = ["arn:aws:events:${local.region}:${local.account_id}:rule/${local.name}-*"]
      variable = "aws:SourceArn"
    }

    principals {
      identifiers = ["events.amazonaws.com"]
      type        = "Service"
    }
  }
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "EventsTell"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    condition {
      test     = "ArnLike"
      values   = ["arn:aws:events:${local.region}:${local.account_id}:rule/${local.name}-*"]
      variable = "aws:SourceArn"
    }

    principals {
      identifiers = ["events.amazonaws.com"]
      type        = "Service"
    }
  }
}

locals {
  queue_arn = "arn:aws:sqs:${local.region}:${local.account_id}:${local.name}-undelivered"
  topic_arn = "arn:aws:sns:${local.region}:${local.account_id}:${local.name}-pipeline"
}
