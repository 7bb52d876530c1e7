# What happens by itself: a delivery starts a run, an approval starts a promotion,
# and every failure is told.

resource "aws_cloudwatch_event_rule" "approved" {
  name        = "${local.name}-version-approved"
  description = "A person approved a version of ${local.group}"
  event_pattern = jsonencode({
    source      = ["aws.sagemaker"]
    detail-type = ["SageMaker Model Package State Change"]
    detail = {
      ModelApprovalStatus   = ["Approved"]
      ModelPackageGroupName = [local.group]
    }
  })
}

resource "aws_cloudwatch_event_rule" "delivered" {
  name        = "${local.name}-data-delivered"
  description = "A data file arrived in incoming/"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [local.datasets_bucket] }
      object = { key = ["incoming/titanic.csv"] }
    }
  })
}

resource "aws_cloudwatch_event_rule" "failures" {
  for_each = local.failures

  name          = "${local.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "approved" {
  arn       = "${local.function_arn}-dispatch"
  rule      = aws_cloudwatch_event_rule.approved.name
  target_id = "dispatch"

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  input_transformer {
    input_paths    = { candidate = "$.detail.ModelPackageArn" }
    input_template = "{\"inputs\": {\"candidate\": <candidate>}}"
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 5
  }
}

resource "aws_cloudwatch_event_target" "delivered" {
  arn       = aws_sfn_state_machine.retrain.arn
  input     = jsonencode({ delivery = true })
  role_arn  = module.events_role.arn
  rule      = aws_cloudwatch_event_rule.delivered.name
  target_id = "retrain"

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 5
  }
}

resource "aws_cloudwatch_event_target" "failures" {
  for_each = local.failures

  arn       = aws_sns_topic.pipeline.arn
  rule      = aws_cloudwatch_event_rule.failures[each.key].name
  target_id = "tell"

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 5
  }
}

resource "aws_lambda_permission" "approved" {
  action        = "lambda:InvokeFunction"
  function_name = module.dispatch.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.approved.arn
  statement_id  = "VersionApproved"
}

locals {
  failures = {
    endpoint-failed = {
      description = "The endpoint went to Failed"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Endpoint State Change"]
        detail = {
          EndpointName   = [local.endpoint_name]
          EndpointStatus = ["FAILED"]
        }
      }
    }

    pipeline-failed = {
      description = "The SageMaker pipeline failed"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Model Building Pipeline Execution Status Change"]
        detail = {
          currentPipelineExecutionStatus = ["Failed"]
          pipelineArn                    = ["arn:aws:sagemaker:${local.region}:${local.account_id}:pipeline/${local.pipeline_name}"]
        }
      }
    }

    retrain-failed = {
      description = "A run of the state machine ended without success"
      pattern = {
        source      = ["aws.states"]
        detail-type = ["Step Functions Execution Status Change"]
        detail = {
          stateMachineArn = [local.state_machine_arn]
          status          = ["ABORTED", "FAILED", "TIMED_OUT"]
        }
      }
    }

    training-failed = {
      description = "A training job failed"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Training Job State Change"]
        detail = {
          TrainingJobName   = [{ prefix = "${local.name}-" }, { prefix = "pipelines-" }]
          TrainingJobStatus = ["Failed"]
        }
      }
    }
  }
}
