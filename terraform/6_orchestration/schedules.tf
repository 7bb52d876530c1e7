resource "aws_scheduler_schedule" "resume" {
  # checkov:skip=CKV_AWS_297:the payload is a name, which the schedule shows anyway
  count = local.suspends ? 1 : 0

  name                         = "${local.name}-resume"
  description                  = "Deploys dev again in the morning; the gate finds its champion unchanged"
  group_name                   = aws_scheduler_schedule_group.main.name
  schedule_expression          = var.resume_schedule
  schedule_expression_timezone = var.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.dispatch.arn
    input    = jsonencode({ inputs = {} })
    role_arn = module.scheduler_role.arn

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
  }
}

resource "aws_scheduler_schedule" "retrain" {
  # checkov:skip=CKV_AWS_297:the payload is a name, which the schedule shows anyway
  name                         = "${local.name}-retrain"
  description                  = "Trains on the data as it is by then"
  group_name                   = aws_scheduler_schedule_group.main.name
  schedule_expression          = var.retrain_schedule
  schedule_expression_timezone = var.timezone

  flexible_time_window {
    maximum_window_in_minutes = 15
    mode                      = "FLEXIBLE"
  }

  target {
    arn      = aws_sfn_state_machine.retrain.arn
    input    = jsonencode({ delivery = false })
    role_arn = module.scheduler_role.arn

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
  }
}

# An endpoint cannot be scaled to nothing, so that the night takes it away. Champion,
# decision and model stay in the store; the morning's deployment brings it back.
resource "aws_scheduler_schedule" "suspend" {
  # checkov:skip=CKV_AWS_297:the payload is a name, which the schedule shows anyway
  count = local.suspends ? 1 : 0

  name                         = "${local.name}-suspend"
  description                  = "Takes the dev endpoint down outside working hours"
  group_name                   = aws_scheduler_schedule_group.main.name
  schedule_expression          = var.suspend_schedule
  schedule_expression_timezone = var.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
    input    = jsonencode({ EndpointName = local.endpoint_name })
    role_arn = module.scheduler_role.arn

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
  }
}

resource "aws_scheduler_schedule_group" "main" {
  name = "${local.name}-pipeline"
}

locals {
  suspends = var.env == "dev" && local.suspends_at_rest
}
