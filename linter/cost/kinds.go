package cost

import (
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost/amount"
)

// Kind says how resources of a type are priced: free, or by a function that writes the lines of their bill.
type Kind struct {
	Type  string
	Free  string // why resources of the type cost nothing by themselves
	Usage []Parameter
	bill  func(*biller)
}

// Parameter is an assumption that a usage file may make about a type; names are Infracost's where it has one.
type Parameter struct{ Name, Text string }

// Kinds are the resource types that can be estimated, in alphabetical order within each service.
var kinds = []Kind{
	{Type: "aws_appautoscaling_policy", bill: scalingPolicy},
	{Type: "aws_appautoscaling_target", bill: scalingTarget, Usage: []Parameter{{"average_capacity", "instances that run on average"}}},
	{Type: "aws_budgets_budget", Free: "budgets that only notify are free"},
	{Type: "aws_ce_anomaly_monitor", Free: "cost anomaly detection is free"},
	{Type: "aws_ce_anomaly_subscription", Free: "cost anomaly detection is free"},
	{Type: "aws_cloudtrail", bill: trail, Usage: []Parameter{
		{"monthly_additional_management_events", "management events that this trail records as a second copy; 0 for the account's first trail"}}},
	{Type: "aws_cloudwatch_composite_alarm", bill: func(b *biller) { b.line("composite alarm", "cloudwatch.alarm.composite", amount.Exactly(1)) }},
	{Type: "aws_cloudwatch_dashboard", bill: func(b *biller) { b.line("dashboard", "cloudwatch.dashboard", amount.Exactly(1)) }},
	{Type: "aws_cloudwatch_event_bus", bill: func(b *biller) {
		b.usageLine("custom events", "eventbridge.custom_events", "monthly_custom_events")
	}, Usage: []Parameter{{"monthly_custom_events", "events put on the bus, in chunks of 64 KB"}}},
	{Type: "aws_cloudwatch_event_rule", Free: "rules are free; so are the events of AWS services and of schedules"},
	{Type: "aws_cloudwatch_event_target", Free: "what a target does costs where it is done"},
	{Type: "aws_cloudwatch_log_group", bill: logGroup, Usage: []Parameter{
		{"monthly_data_ingested_gb", "GB that programs write into the group"}, {"storage_gb", "GB kept in the group, compressed"}}},
	{Type: "aws_cloudwatch_log_metric_filter", bill: func(b *biller) { b.line("metric", "cloudwatch.metric", amount.Exactly(1)) }},
	{Type: "aws_cloudwatch_metric_alarm", bill: metricAlarm},
	{Type: "aws_default_security_group", Free: freeNetwork},
	{Type: "aws_ecr_lifecycle_policy", Free: freeSetting},
	{Type: "aws_ecr_repository", bill: func(b *biller) { b.usageLine("images", "ecr.storage", "storage_gb") },
		Usage: []Parameter{{"storage_gb", "GB of image layers kept"}}},
	{Type: "aws_ecr_repository_policy", Free: freeSetting},
	{Type: "aws_ecs_cluster", bill: cluster, Usage: []Parameter{{"container_insights_metrics", "custom metrics that Container Insights keeps"}}},
	{Type: "aws_ecs_cluster_capacity_providers", Free: freeSetting},
	{Type: "aws_ecs_service", bill: service, Usage: []Parameter{{"average_tasks", "tasks that run on average, instead of desired_count"}}},
	{Type: "aws_ecs_task_definition", bill: taskDefinition, Usage: []Parameter{
		{"monthly_task_hours", "hours in which tasks run outside services, such as those of a state machine"}}},
	{Type: "aws_flow_log", bill: func(b *biller) { b.usageLine("flow logs", "cloudwatch.logs.vended", "monthly_data_ingested_gb") },
		Usage: []Parameter{{"monthly_data_ingested_gb", "GB of flow logs"}}},
	{Type: "aws_iam_openid_connect_provider", Free: freeIAM},
	{Type: "aws_iam_policy", Free: freeIAM},
	{Type: "aws_iam_role", Free: freeIAM},
	{Type: "aws_iam_role_policy", Free: freeIAM},
	{Type: "aws_iam_role_policy_attachment", Free: freeIAM},
	{Type: "aws_kms_alias", Free: "an alias is free"},
	{Type: "aws_kms_key", bill: key, Usage: []Parameter{{"monthly_requests", "requests to the key"}, {"rotations", "rotations so far that cost: 0, 1 or 2"}}},
	{Type: "aws_lambda_function", bill: function, Usage: []Parameter{
		{"monthly_requests", "invocations"}, {"request_duration_ms", "average duration of an invocation, in milliseconds"}}},
	{Type: "aws_lambda_permission", Free: freeSetting},
	{Type: "aws_route_table", Free: freeNetwork},
	{Type: "aws_route_table_association", Free: freeNetwork},
	{Type: "aws_s3_bucket", bill: bucket, Usage: []Parameter{{"monthly_tier_1_requests", "PUT, COPY, POST, LIST"}, {"monthly_tier_2_requests", "GET and all others"},
		{"storage_gb", "GB kept, all versions"}}},
	{Type: "aws_s3_bucket_lifecycle_configuration", Free: freeSetting},
	{Type: "aws_s3_bucket_logging", Free: freeSetting},
	{Type: "aws_s3_bucket_notification", Free: freeSetting},
	{Type: "aws_s3_bucket_ownership_controls", Free: freeSetting},
	{Type: "aws_s3_bucket_policy", Free: freeSetting},
	{Type: "aws_s3_bucket_public_access_block", Free: freeSetting},
	{Type: "aws_s3_bucket_server_side_encryption_configuration", Free: freeSetting},
	{Type: "aws_s3_bucket_versioning", Free: freeSetting},
	{Type: "aws_s3_object", Free: freeObject},
	{Type: "aws_sagemaker_endpoint", bill: endpoint, Usage: endpointUsage},
	{Type: "aws_sagemaker_endpoint_configuration", Free: "a configuration costs where an endpoint uses it"},
	{Type: "aws_sagemaker_model", Free: "a model costs where an endpoint serves it"},
	{Type: "aws_sagemaker_model_package_group", Free: "the model registry is free"},
	{Type: "aws_sagemaker_model_package_group_policy", Free: freeSetting},
	{Type: "aws_sagemaker_pipeline", bill: pipeline, Usage: []Parameter{
		{"monthly_executions", "runs of the pipeline"}, {"step_minutes", "average minutes that a processing or training step takes, starting included"}}},
	{Type: "aws_scheduler_schedule", bill: schedule},
	{Type: "aws_scheduler_schedule_group", Free: freeSetting},
	{Type: "aws_secretsmanager_secret", bill: secret, Usage: []Parameter{{"monthly_requests", "requests for the secret"}}},
	{Type: "aws_security_group", Free: freeNetwork},
	{Type: "aws_sfn_state_machine", bill: stateMachine, Usage: []Parameter{{"monthly_transitions", "state transitions, retries included"}, {"monthly_traces", "traces recorded"}}},
	{Type: "aws_sns_topic", bill: topic, Usage: []Parameter{{"email_subscriptions", "emails delivered"}, {"monthly_requests", "messages published"}}},
	{Type: "aws_sns_topic_policy", Free: freeSetting},
	{Type: "aws_sns_topic_subscription", Free: "deliveries count at the topic"},
	{Type: "aws_sqs_queue", bill: queue, Usage: []Parameter{{"monthly_requests", "requests to the queue"}}},
	{Type: "aws_sqs_queue_policy", Free: freeSetting},
	{Type: "aws_subnet", Free: freeNetwork},
	{Type: "aws_vpc", Free: freeNetwork},
	{Type: "aws_vpc_endpoint", bill: vpcEndpoint, Usage: []Parameter{{"monthly_data_processed_gb", "GB through the endpoint"}, {"zones", "zones with an interface, where the plan does not know"}}},
	{Type: "aws_vpc_security_group_egress_rule", Free: freeNetwork},
	{Type: "aws_vpc_security_group_ingress_rule", Free: freeNetwork},
	{Type: "titanicml_dataset", Free: freeObject},
	{Type: "titanicml_endpoint", bill: endpoint, Usage: endpointUsage},
	{Type: "titanicml_evaluation", bill: evaluation, Usage: []Parameter{{"monthly_hours", "instance hours of evaluation jobs"}}},
	{Type: "titanicml_model_version", Free: "the model registry is free"},
	{Type: "titanicml_promotion", Free: "decisions are objects of a few KB in the store"},
	{Type: "titanicml_stage", Free: "ledger entries are objects of a few KB in the store"},
	{Type: "titanicml_training_run", bill: trainingRun, Usage: []Parameter{{"monthly_hours", "instance hours of training jobs"}}},
}

const (
	freeIAM     = "IAM is free"
	freeNetwork = "VPCs, subnets, routes and security groups are free"
	freeObject  = "its bytes count in the storage of their bucket"
	freeSetting = "a setting of another resource"
)

var endpointUsage = []Parameter{
	{"average_instances", "instances that run on average, instead of the number configured"},
	{"monthly_data_processed_gb", "GB into and out of the endpoint"},
	{"monthly_hours", "hours in which the endpoint exists, for one that is taken down at night; 730 unless given"},
	{"monthly_inference_seconds", "seconds of inference, for serverless"},
}

var kindsByType = sync.OnceValue(func() map[string]*Kind {
	out := map[string]*Kind{}
	for i := range kinds {
		out[kinds[i].Type] = &kinds[i]
	}
	return out
})

func kindOf(name string) (*Kind, bool) {
	k, ok := kindsByType()[name]
	return k, ok
}

// Kinds lists the resource types that can be estimated.
func Kinds() []Kind { return append([]Kind{}, kinds...) }

func (k *Kind) takes(parameter string) bool {
	for _, p := range k.Usage {
		if p.Name == parameter {
			return true
		}
	}
	return false
}

func (k *Kind) parameterNames() []string {
	var out []string
	for _, p := range k.Usage {
		out = append(out, p.Name)
	}
	return out
}

func typesWithUsage() []string {
	var out []string
	for _, k := range kinds {
		if len(k.Usage) > 0 {
			out = append(out, k.Type)
		}
	}
	return out
}
