# Scaling follows the first promotion: there is no endpoint to scale before a
# champion serves, and none of it where the endpoint is serverless.

resource "aws_appautoscaling_policy" "invocations" {
  count = local.scales ? 1 : 0

  name               = "${local.endpoint}-invocations"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.endpoint[0].resource_id
  scalable_dimension = aws_appautoscaling_target.endpoint[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.endpoint[0].service_namespace

  target_tracking_scaling_policy_configuration {
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    target_value       = 500

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}

resource "aws_appautoscaling_target" "endpoint" {
  count = local.scales ? 1 : 0

  max_capacity       = var.capacity.max
  min_capacity       = var.capacity.min
  resource_id        = "endpoint/${local.endpoint}/variant/${local.variant}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"

  depends_on = [titanicml_endpoint.survival]
}

# As it is before this apply, so that the number of resources is known when planning:
# the apply after the first promotion adds them.
data "titanicml_champion" "survival" {
  model_package_group = local.group
}

locals {
  scales = var.instance_type != null && var.capacity.max > var.capacity.min && data.titanicml_champion.survival.exists
}
