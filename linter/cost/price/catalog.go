package price

import (
	"regexp"
	"strings"
)

// Entry is something that has a price. Prices in tables are in USD for Per units.
type Entry struct {
	Key  string
	Unit string  // plural, as quantities are shown
	Per  float64 // units that one price buys
	Text string
	// Service is the service code of the AWS Price List API and Usage what the usage type of the product looks like there,
	// without the prefix of its region. Attributes narrow it further.
	Service    string
	Usage      string
	Attributes map[string]string
}

// catalogue is every price that a table may hold, by key. The usage types are those of the AWS Price List.
var catalogue = []Entry{
	{Key: "cloudtrail.management_events", Unit: "events", Per: 100_000, Text: "further copies of management events; the first trail's copy is free",
		Service: "AWSCloudTrail", Usage: `PaidEventsRecorded`},
	{Key: "cloudwatch.alarm", Unit: "alarm metrics", Per: 1, Text: "metric in an alarm with a period of 60 seconds or more",
		Service: "AmazonCloudWatch", Usage: `CW:AlarmMonitorUsage`},
	{Key: "cloudwatch.alarm.composite", Unit: "alarms", Per: 1, Text: "composite alarm",
		Service: "AmazonCloudWatch", Usage: `CW:CompositeAlarmMonitorUsage`},
	{Key: "cloudwatch.alarm.high_resolution", Unit: "alarm metrics", Per: 1, Text: "metric in an alarm with a period below 60 seconds",
		Service: "AmazonCloudWatch", Usage: `CW:HighResAlarmMonitorUsage`},
	{Key: "cloudwatch.dashboard", Unit: "dashboards", Per: 1, Text: "dashboard; an account's first three with up to 50 metrics are free",
		Service: "AmazonCloudWatch", Usage: `DashboardsUsageHour`},
	{Key: "cloudwatch.logs.ingested", Unit: "GB", Per: 1, Text: "log data that programs write",
		Service: "AmazonCloudWatch", Usage: `DataProcessing-Bytes`},
	{Key: "cloudwatch.logs.stored", Unit: "GB-months", Per: 1, Text: "log data kept",
		Service: "AmazonCloudWatch", Usage: `TimedStorage-ByteHrs`},
	{Key: "cloudwatch.logs.vended", Unit: "GB", Per: 1, Text: "log data that AWS services write, such as flow logs",
		Service: "AmazonCloudWatch", Usage: `VendedLog-Bytes`},
	{Key: "cloudwatch.metric", Unit: "metrics", Per: 1, Text: "custom metric",
		Service: "AmazonCloudWatch", Usage: `CW:MetricMonitorUsage`},
	{Key: "ecr.storage", Unit: "GB-months", Per: 1, Text: "images kept",
		Service: "AmazonECR", Usage: `TimedStorage-ByteHrs`},
	{Key: "eventbridge.custom_events", Unit: "events", Per: 1e6, Text: "events that programs put on a bus",
		Service: "AWSEvents", Usage: `Event-64K-Chunks`},
	{Key: "eventbridge.scheduler", Unit: "invocations", Per: 1e6, Text: "invocations by schedules",
		Service: "AWSEvents", Usage: `ScheduledInvocation`},
	{Key: "fargate.arm.memory", Unit: "GB-hours", Per: 1, Text: "memory of ARM tasks",
		Service: "AmazonECS", Usage: `Fargate-ARM-GB-Hours`},
	{Key: "fargate.arm.vcpu", Unit: "vCPU-hours", Per: 1, Text: "vCPUs of ARM tasks",
		Service: "AmazonECS", Usage: `Fargate-ARM-vCPU-Hours:perCPU`},
	{Key: "fargate.memory", Unit: "GB-hours", Per: 1, Text: "memory of x86 tasks",
		Service: "AmazonECS", Usage: `Fargate-GB-Hours`},
	{Key: "fargate.vcpu", Unit: "vCPU-hours", Per: 1, Text: "vCPUs of x86 tasks",
		Service: "AmazonECS", Usage: `Fargate-vCPU-Hours:perCPU`},
	{Key: "kms.key", Unit: "key-months", Per: 1, Text: "customer managed key; each of its first two rotations adds one",
		Service: "awskms", Usage: `KMS-Keys`},
	{Key: "kms.requests", Unit: "requests", Per: 10_000, Text: "requests to keys",
		Service: "awskms", Usage: `KMS-Requests`},
	{Key: "lambda.arm.duration", Unit: "GB-seconds", Per: 1, Text: "duration of arm64 functions",
		Service: "AWSLambda", Usage: `Lambda-GB-Second-ARM`},
	{Key: "lambda.duration", Unit: "GB-seconds", Per: 1, Text: "duration of x86_64 functions",
		Service: "AWSLambda", Usage: `Lambda-GB-Second`},
	{Key: "lambda.requests", Unit: "requests", Per: 1e6, Text: "requests to functions",
		Service: "AWSLambda", Usage: `Request`},
	{Key: "s3.reads", Unit: "requests", Per: 1000, Text: "GET and the like, S3 Standard",
		Service: "AmazonS3", Usage: `Requests-Tier2`},
	{Key: "s3.storage", Unit: "GB-months", Per: 1, Text: "objects kept, S3 Standard",
		Service: "AmazonS3", Usage: `TimedStorage-ByteHrs`},
	{Key: "s3.writes", Unit: "requests", Per: 1000, Text: "PUT, COPY, POST, LIST, S3 Standard",
		Service: "AmazonS3", Usage: `Requests-Tier1`},
	{Key: "sagemaker.hosting.data", Unit: "GB", Per: 1, Text: "data into and out of endpoints on instances",
		Service: "AmazonSageMaker", Usage: `Hst:Data-Bytes-Out`},
	{Key: "sagemaker.processing.storage", Unit: "GB-months", Per: 1, Text: "volumes of processing jobs",
		Service: "AmazonSageMaker", Usage: `Processing:VolumeUsage.gp2`},
	{Key: "sagemaker.serverless.1024", Unit: "seconds", Per: 1, Text: "serverless inference with 1 GB",
		Service: "AmazonSageMaker", Usage: `ServerlessInf:Mem-1GB`},
	{Key: "sagemaker.serverless.2048", Unit: "seconds", Per: 1, Text: "serverless inference with 2 GB",
		Service: "AmazonSageMaker", Usage: `ServerlessInf:Mem-2GB`},
	{Key: "sagemaker.serverless.3072", Unit: "seconds", Per: 1, Text: "serverless inference with 3 GB",
		Service: "AmazonSageMaker", Usage: `ServerlessInf:Mem-3GB`},
	{Key: "sagemaker.serverless.4096", Unit: "seconds", Per: 1, Text: "serverless inference with 4 GB",
		Service: "AmazonSageMaker", Usage: `ServerlessInf:Mem-4GB`},
	{Key: "sagemaker.serverless.5120", Unit: "seconds", Per: 1, Text: "serverless inference with 5 GB",
		Service: "AmazonSageMaker", Usage: `ServerlessInf:Mem-5GB`},
	{Key: "sagemaker.serverless.6144", Unit: "seconds", Per: 1, Text: "serverless inference with 6 GB",
		Service: "AmazonSageMaker", Usage: `ServerlessInf:Mem-6GB`},
	{Key: "sagemaker.training.storage", Unit: "GB-months", Per: 1, Text: "volumes of training jobs",
		Service: "AmazonSageMaker", Usage: `Train:VolumeUsage.gp2`},
	{Key: "secretsmanager.requests", Unit: "requests", Per: 10_000, Text: "requests for secrets",
		Service: "AWSSecretsManager", Usage: `AWSSecretsManagerAPIRequest`},
	{Key: "secretsmanager.secret", Unit: "secret-months", Per: 1, Text: "secrets kept",
		Service: "AWSSecretsManager", Usage: `AWSSecretsManager-Secrets`},
	{Key: "sns.emails", Unit: "emails", Per: 100_000, Text: "notifications by email",
		Service: "AmazonSNS", Usage: `DeliveryAttempts-SMTP`},
	{Key: "sns.requests", Unit: "requests", Per: 1e6, Text: "messages published",
		Service: "AmazonSNS", Usage: `Requests-Tier1`},
	{Key: "sqs.fifo.requests", Unit: "requests", Per: 1e6, Text: "requests to FIFO queues",
		Service: "AWSQueueService", Usage: `Requests-FIFO-Tier1`},
	{Key: "sqs.requests", Unit: "requests", Per: 1e6, Text: "requests to standard queues",
		Service: "AWSQueueService", Usage: `Requests-Tier1`},
	{Key: "states.transitions", Unit: "transitions", Per: 1000, Text: "state transitions of standard state machines",
		Service: "AmazonStates", Usage: `StateTransition`},
	{Key: "vpc.endpoint", Unit: "hours", Per: 1, Text: "interface endpoint in one zone",
		Service: "AmazonVPC", Usage: `VpcEndpoint-Hours`},
	{Key: "vpc.endpoint.data", Unit: "GB", Per: 1, Text: "data through interface endpoints, first petabyte",
		Service: "AmazonVPC", Usage: `VpcEndpoint-Bytes`},
	{Key: "xray.traces", Unit: "traces", Per: 1e6, Text: "traces recorded",
		Service: "AWSXRay", Usage: `XRay-TracesStored`},
}

// families are prices by instance type: the key goes on with the type, as in sagemaker.hosting.ml.m5.large.
var families = []Entry{
	{Key: "sagemaker.hosting.", Unit: "hours", Per: 1, Text: "instance behind an endpoint", Service: "AmazonSageMaker", Usage: `Host:`},
	{Key: "sagemaker.processing.", Unit: "hours", Per: 1, Text: "instance of a processing job", Service: "AmazonSageMaker", Usage: `Processing:`},
	{Key: "sagemaker.training.", Unit: "hours", Per: 1, Text: "instance of a training job", Service: "AmazonSageMaker", Usage: `Train:`},
}

var machine = regexp.MustCompile(`^ml\.[a-z0-9-]{1,20}\.[a-z0-9]{1,20}$`)

// Lookup finds the entry of a key.
func Lookup(key string) (Entry, bool) {
	for _, e := range catalogue {
		if e.Key == key {
			return e, true
		}
	}
	for _, f := range families {
		if kind, ok := strings.CutPrefix(key, f.Key); ok && machine.MatchString(kind) {
			f.Key, f.Usage = key, f.Usage+kind
			return f, true
		}
	}
	return Entry{}, false
}
