# Delivery, checks, pipeline, candidate, dispatch. It decides nothing about serving:
# its last act is to start the workflow whose `terraform apply` of 5_serving does.

resource "aws_cloudwatch_log_group" "state_machine" {
  name              = "/aws/states/${local.state_machine}"
  kms_key_id        = local.logs_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "retrain" {
  name       = local.state_machine
  definition = local.definition
  role_arn   = module.states_role.arn
  type       = "STANDARD"

  logging_configuration {
    include_execution_data = true
    level                  = "ALL"
    log_destination        = "${aws_cloudwatch_log_group.state_machine.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}

locals {
  state_machine     = "${local.name}-retrain"
  state_machine_arn = "arn:aws:states:${local.region}:${local.account_id}:stateMachine:${local.state_machine}"

  definition = jsonencode({
    Comment        = "Trains, evaluates and registers a survival model in ${var.env}, then asks for its deployment"
    StartAt        = "Name"
    TimeoutSeconds = 14400
    States = {
      # A name of this run that every service accepts, the same for every retry.
      Name = {
        Type       = "Pass"
        Parameters = { "id.$" = "States.Format('pipeline-{}', States.Hash($$.Execution.Id, 'SHA-1'))" }
        ResultPath = "$.run"
        Next       = "Delivered"
      }

      Delivered = {
        Type    = "Choice"
        Choices = [{ And = [{ Variable = "$.delivery", IsPresent = true }, { Variable = "$.delivery", BooleanEquals = true }], Next = "Land" }]
        Default = "Check"
      }

      Land = {
        Type     = "Task"
        Comment  = "Fargate checks the delivery and lands it in raw/"
        Resource = "arn:aws:states:::ecs:runTask.sync"
        Parameters = {
          Cluster        = local.etl_cluster_arn
          LaunchType     = "FARGATE"
          TaskDefinition = local.etl_task_definition
          NetworkConfiguration = {
            AwsvpcConfiguration = {
              AssignPublicIp = "DISABLED"
              SecurityGroups = [local.etl_security_group_id]
              Subnets        = local.etl_subnet_ids
            }
          }
          PropagateTags = "TASK_DEFINITION"
        }
        ResultPath     = "$.landed"
        TimeoutSeconds = 1800
        Retry          = [{ ErrorEquals = ["ECS.AmazonECSException", "ECS.ServerException", "ECS.ThrottlingException"], IntervalSeconds = 20, MaxAttempts = 3, BackoffRate = 2 }]
        Catch          = local.catch
        Next           = "Check"
      }

      Check = {
        Type           = "Task"
        Comment        = "Nothing is trained on data that does not look like passengers"
        Resource       = "arn:aws:states:::lambda:invoke"
        Parameters     = { FunctionName = "${local.function_arn}-validate", Payload = {} }
        ResultSelector = { "rows.$" = "$.Payload.rows", "sha256.$" = "$.Payload.sha256" }
        ResultPath     = "$.data"
        TimeoutSeconds = 60
        Retry          = local.function_retry
        Catch          = local.catch
        Next           = "Start"
      }

      Start = {
        Type     = "Task"
        Comment  = "The token makes a retried start find the run that is already there"
        Resource = "arn:aws:states:::aws-sdk:sagemaker:startPipelineExecution"
        Parameters = {
          PipelineName                     = local.pipeline_name
          "ClientRequestToken.$"           = "States.Hash($$.Execution.Id, 'SHA-256')"
          "PipelineExecutionDisplayName.$" = "$.run.id"
          PipelineParameters = [
            { Name = "EvaluationId", "Value.$" = "$.run.id" },
            { Name = "EvaluationUri", "Value.$" = "States.Format('${local.store}/evaluations/{}/output', $.run.id)" },
            { Name = "HoldoutUri", "Value.$" = "States.Format('s3://${local.datasets_bucket}/curated/{}/holdout', $.run.id)" },
            { Name = "TrainUri", "Value.$" = "States.Format('s3://${local.datasets_bucket}/curated/{}/train', $.run.id)" },
          ]
        }
        ResultPath     = "$.pipeline"
        TimeoutSeconds = 60
        Retry          = local.service_retry
        Catch          = local.catch
        Next           = "Wait"
      }

      Wait = {
        Type    = "Wait"
        Seconds = 60
        Next    = "Look"
      }

      Look = {
        Type           = "Task"
        Resource       = "arn:aws:states:::aws-sdk:sagemaker:describePipelineExecution"
        Parameters     = { "PipelineExecutionArn.$" = "$.pipeline.PipelineExecutionArn" }
        ResultSelector = { "status.$" = "$.PipelineExecutionStatus" }
        ResultPath     = "$.progress"
        TimeoutSeconds = 60
        Retry          = local.service_retry
        Catch          = local.catch
        Next           = "Done"
      }

      Done = {
        Type = "Choice"
        Choices = [
          { Variable = "$.progress.status", StringEquals = "Succeeded", Next = "Candidate" },
          { Or = [for status in ["Failed", "Stopped"] : { Variable = "$.progress.status", StringEquals = status }], Next = "PipelineFailed" },
        ]
        Default = "Wait"
      }

      PipelineFailed = {
        Type       = "Pass"
        Parameters = { Error = "PipelineFailed", "Cause.$" = "States.Format('the pipeline ended {}: {}', $.progress.status, $.pipeline.PipelineExecutionArn)" }
        ResultPath = "$.error"
        Next       = "TellFailure"
      }

      Candidate = {
        Type           = "Task"
        Comment        = "Which version came out, and is its evidence complete"
        Resource       = "arn:aws:states:::lambda:invoke"
        Parameters     = { FunctionName = "${local.function_arn}-candidate", Payload = { "evaluation.$" = "$.run.id" } }
        ResultSelector = { "arn.$" = "$.Payload.model_package_arn", "evaluation.$" = "$.Payload.evaluation" }
        ResultPath     = "$.candidate"
        TimeoutSeconds = 60
        Retry          = local.function_retry
        Catch          = local.catch
        Next           = "Dispatch"
      }

      Dispatch = {
        Type           = "Task"
        Comment        = "The gate stands in 5_serving; only its apply moves the endpoint"
        Resource       = "arn:aws:states:::lambda:invoke"
        Parameters     = { FunctionName = "${local.function_arn}-dispatch", Payload = { inputs = { "candidate.$" = "$.candidate.arn", "evaluation.$" = "$.candidate.evaluation" } } }
        ResultPath     = "$.dispatched"
        TimeoutSeconds = 60
        Retry          = local.function_retry
        Catch          = local.catch
        Next           = "TellSuccess"
      }

      TellSuccess = {
        Type     = "Task"
        Resource = "arn:aws:states:::sns:publish"
        Parameters = {
          TopicArn    = local.topic_arn
          Subject     = "${local.state_machine}: a candidate waits at the gate"
          "Message.$" = "States.JsonToString($.candidate)"
        }
        ResultPath     = null
        TimeoutSeconds = 60
        Retry          = local.service_retry
        End            = true
      }

      TellFailure = {
        Type     = "Task"
        Resource = "arn:aws:states:::sns:publish"
        Parameters = {
          TopicArn    = local.topic_arn
          Subject     = "${local.state_machine}: the run failed"
          "Message.$" = "States.JsonToString($.error)"
        }
        ResultPath     = null
        TimeoutSeconds = 60
        Retry          = local.service_retry
        Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.notification", Next = "Failed" }]
        Next           = "Failed"
      }

      Failed = {
        Type      = "Fail"
        ErrorPath = "$.error.Error"
        CausePath = "$.error.Cause"
      }
    }
  })

  catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.error", Next = "TellFailure" }]

  etl_cluster_arn = "arn:aws:ecs:${local.region}:${local.account_id}:cluster/${local.name}-etl"

  function_retry = [{
    ErrorEquals     = ["Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"]
    IntervalSeconds = 5
    MaxAttempts     = 4
    BackoffRate     = 2
  }]

  service_retry = [{
    ErrorEquals     = ["States.TaskFailed", "States.Timeout"]
    IntervalSeconds = 10
    MaxAttempts     = 3
    BackoffRate     = 2
  }]
}
