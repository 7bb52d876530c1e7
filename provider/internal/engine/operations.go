package engine

import (
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/hosting"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/jobs"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/registry"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// operations is the table of everything the engine answers as SageMaker.
func operations(c *catalog.Catalog, r *registry.Registry, j *jobs.Jobs, h *hosting.Hosting) map[string]api.Handler {
	return map[string]api.Handler{
		"CreateTrainingJob":   j.CreateTraining,
		"DescribeTrainingJob": j.DescribeTraining,
		"ListTrainingJobs":    j.ListTraining,
		"StopTrainingJob":     j.StopTraining,
		"DeleteTrainingJob":   j.DeleteTraining,

		"CreateProcessingJob":   j.CreateProcessing,
		"DescribeProcessingJob": j.DescribeProcessing,
		"ListProcessingJobs":    j.ListProcessing,
		"StopProcessingJob":     j.StopProcessing,
		"DeleteProcessingJob":   j.DeleteProcessing,

		"CreateModelPackageGroup":       r.CreateGroup,
		"DescribeModelPackageGroup":     r.DescribeGroup,
		"ListModelPackageGroups":        r.ListGroups,
		"DeleteModelPackageGroup":       r.DeleteGroup,
		"PutModelPackageGroupPolicy":    r.PutGroupPolicy,
		"GetModelPackageGroupPolicy":    r.GetGroupPolicy,
		"DeleteModelPackageGroupPolicy": r.DeleteGroupPolicy,

		"CreateModelPackage":        r.CreatePackage,
		"DescribeModelPackage":      r.DescribePackage,
		"BatchDescribeModelPackage": r.BatchDescribePackages,
		"ListModelPackages":         r.ListPackages,
		"UpdateModelPackage":        r.UpdatePackage,
		"DeleteModelPackage":        r.DeletePackage,

		"CreateModel":   h.CreateModel,
		"DescribeModel": h.DescribeModel,
		"ListModels":    h.ListModels,
		"DeleteModel":   h.DeleteModel,

		"CreateEndpointConfig":   h.CreateConfig,
		"DescribeEndpointConfig": h.DescribeConfig,
		"ListEndpointConfigs":    h.ListConfigs,
		"DeleteEndpointConfig":   h.DeleteConfig,

		"CreateEndpoint":                     h.CreateEndpoint,
		"DescribeEndpoint":                   h.DescribeEndpoint,
		"ListEndpoints":                      h.ListEndpoints,
		"UpdateEndpoint":                     h.UpdateEndpoint,
		"UpdateEndpointWeightsAndCapacities": h.UpdateWeights,
		"DeleteEndpoint":                     h.DeleteEndpoint,

		"AddTags":    c.AddTags,
		"ListTags":   c.ListTags,
		"DeleteTags": c.DeleteTags,

		"Search": c.Search(map[string]catalog.Searched{
			"TrainingJob":       {Kind: store.TrainingJob, Document: jobs.TrainingDocument},
			"ModelPackageGroup": {Kind: store.ModelPackageGroup, Document: registry.GroupDocument},
			"ModelPackage":      {Kind: store.ModelPackage, Document: registry.PackageDocument},
			"Endpoint":          {Kind: store.Endpoint, Document: h.EndpointDocument},
		}),
	}
}
