package api

// Operations names every SageMaker operation the engine answers, in the order
// of the design; Search, which AWS's Python SDK asks when it registers a model,
// comes last. The shape table holds what these reach and nothing else; the
// engine's handler table is checked against it when the engine opens.
var Operations = []string{
	"CreateTrainingJob", "DescribeTrainingJob", "ListTrainingJobs", "StopTrainingJob", "DeleteTrainingJob",
	"CreateProcessingJob", "DescribeProcessingJob", "ListProcessingJobs", "StopProcessingJob", "DeleteProcessingJob",
	"CreateModelPackageGroup", "DescribeModelPackageGroup", "ListModelPackageGroups", "DeleteModelPackageGroup",
	"PutModelPackageGroupPolicy", "GetModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy",
	"CreateModelPackage", "DescribeModelPackage", "BatchDescribeModelPackage", "ListModelPackages", "UpdateModelPackage", "DeleteModelPackage",
	"CreateModel", "DescribeModel", "ListModels", "DeleteModel",
	"CreateEndpointConfig", "DescribeEndpointConfig", "ListEndpointConfigs", "DeleteEndpointConfig",
	"CreateEndpoint", "DescribeEndpoint", "ListEndpoints", "UpdateEndpoint", "UpdateEndpointWeightsAndCapacities", "DeleteEndpoint",
	"AddTags", "ListTags", "DeleteTags",
	"Search",
}
