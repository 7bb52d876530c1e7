# What prod is assumed to use in a month, for the estimate of costs (docs/guides/cost-estimates.md). Change it when the
# dashboard says otherwise: an estimate is as good as this file.

resource_type "aws_cloudtrail" {
  monthly_additional_management_events = 0 # the account's first trail
}

resource_type "aws_cloudwatch_log_group" {
  monthly_data_ingested_gb = 0.1
  storage_gb               = 0.1
}

# Flow logs are priced at aws_flow_log; programs write nothing into their group.
resource "aws_cloudwatch_log_group.flow_logs" {
  monthly_data_ingested_gb = 0
  storage_gb               = 5
}

resource_type "aws_ecr_repository" {
  storage_gb = 1
}

resource_type "aws_ecs_cluster" {
  container_insights_metrics = 10
}

resource_type "aws_ecs_task_definition" {
  monthly_task_hours = 1
}

resource_type "aws_flow_log" {
  monthly_data_ingested_gb = 5
}

resource_type "aws_kms_key" {
  monthly_requests = 20000
  rotations        = 0
}

resource_type "aws_lambda_function" {
  monthly_requests    = 100
  request_duration_ms = 500
}

resource_type "aws_s3_bucket" {
  monthly_tier_1_requests = 20000
  monthly_tier_2_requests = 100000
  storage_gb              = 5
}

# One run a month, and its repetitions.
resource_type "aws_sagemaker_pipeline" {
  monthly_executions = 3
  step_minutes       = 6
}

resource_type "aws_secretsmanager_secret" {
  monthly_requests = 50
}

resource_type "aws_sfn_state_machine" {
  monthly_traces      = 3
  monthly_transitions = 300
}

resource_type "aws_sns_topic" {
  email_subscriptions = 100
  monthly_requests    = 100
}

# Messages come only when something could not be delivered; a poller asks for nothing else.
resource_type "aws_sqs_queue" {
  monthly_requests = 1000
}

resource_type "aws_vpc_endpoint" {
  monthly_data_processed_gb = 1
  zones                     = 2
}

# It serves all the time; scaling out is a range in the estimate, not an assumption.
resource_type "titanicml_endpoint" {
  monthly_data_processed_gb = 10
}

resource_type "titanicml_evaluation" {
  monthly_hours = 0.5
}

resource_type "titanicml_training_run" {
  monthly_hours = 0.5
}
