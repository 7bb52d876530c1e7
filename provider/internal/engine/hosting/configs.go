package hosting

import (
	"context"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// CreateConfig answers CreateEndpointConfig.
func (h *Hosting) CreateConfig(ctx context.Context, r api.Request) (api.Document, error) {
	in := r.Input
	for _, member := range []string{"ShadowProductionVariants", "AsyncInferenceConfig", "ExplainerConfig"} {
		if in.Has(member) {
			return nil, api.NotSupported.With(member, "Leave it out.")
		}
	}
	seen := map[string]bool{}
	var variants []any
	for i, variant := range in.List("ProductionVariants") {
		name := variant.Text("VariantName")
		if serverless := variant.Child("ServerlessConfig"); serverless != nil {
			if size, _ := serverless.Integer("MemorySizeInMB"); size%1024 != 0 { // the shape has the bounds
				return nil, api.BadMemorySize.With(size, i+1)
			}
			most, _ := serverless.Integer("MaxConcurrency")
			if provisioned, ok := serverless.Integer("ProvisionedConcurrency"); ok && provisioned > most {
				return nil, api.BadProvisioned.With(name)
			}
		}
		if seen[name] {
			return nil, api.DuplicateVariant.With(name)
		}
		seen[name] = true
		shown, err := h.checkVariant(ctx, r.Region, variant)
		if err != nil {
			return nil, err
		}
		variants = append(variants, map[string]any(shown))
	}
	document := in.Clone()
	document["ProductionVariants"] = variants
	document["EnableNetworkIsolation"] = in.Flag("EnableNetworkIsolation")
	record := &store.Record{Kind: store.EndpointConfig, Name: in.Text("EndpointConfigName"), Document: document}
	if err := h.Catalog.Create(ctx, r, record, func(arn string) error { return api.EndpointConfigExists.With(arn) }); err != nil {
		return nil, err
	}
	return api.Document{"EndpointConfigArn": record.ARN()}, nil
}

// checkVariant refuses what the service refuses and returns the variant with the
// service's defaults.
func (h *Hosting) checkVariant(ctx context.Context, region string, variant api.Document) (api.Document, error) {
	name := variant.Text("VariantName")
	model := variant.Text("ModelName")
	if model == "" {
		return nil, api.NotSupported.With("Production variant "+name+" without a ModelName", "Inference components run on AWS only.")
	}
	if _, err := h.Catalog.Get(ctx, store.Model, region, model); err != nil {
		return nil, err
	}
	serverless, instances := variant.Has("ServerlessConfig"), variant.Has("InstanceType")
	if serverless == instances {
		return nil, api.VariantWithoutHosting.With(name)
	}
	if _, ok := variant.Integer("InitialInstanceCount"); instances && !ok {
		return nil, api.VariantWithoutHosting.With(name)
	}
	shown := variant.Clone()
	if !shown.Has("InitialVariantWeight") {
		shown["InitialVariantWeight"] = 1.0
	}
	return shown, nil
}

// DescribeConfig answers DescribeEndpointConfig.
func (h *Hosting) DescribeConfig(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := h.Catalog.Get(ctx, store.EndpointConfig, r.Region, r.Input.Text("EndpointConfigName"))
	if err != nil {
		return nil, err
	}
	return describeConfig(record), nil
}

func describeConfig(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["EndpointConfigArn"] = record.ARN()
	result.SetTime("CreationTime", record.Created)
	return result
}

// ListConfigs answers ListEndpointConfigs.
func (h *Hosting) ListConfigs(ctx context.Context, r api.Request) (api.Document, error) {
	return h.Catalog.List(ctx, r, catalog.Listing{
		Kind: store.EndpointConfig, Member: "EndpointConfigs", NewestFirst: true, Summary: describeConfig,
	})
}

// DeleteConfig answers DeleteEndpointConfig.
func (h *Hosting) DeleteConfig(ctx context.Context, r api.Request) (api.Document, error) {
	return h.delete(ctx, store.EndpointConfig, r.Region, r.Input.Text("EndpointConfigName"))
}

// snapshot returns what an endpoint has to know to serve a configuration without
// looking at it, or at its models, again.
func (h *Hosting) snapshot(ctx context.Context, config *store.Record) ([]any, error) {
	var variants []any
	for _, variant := range config.Document.List("ProductionVariants") {
		model, err := h.Catalog.Get(ctx, store.Model, config.Region, variant.Text("ModelName"))
		if err != nil {
			return nil, err
		}
		frozen := model.Document.Child(resolved).Clone()
		frozen["VariantName"] = variant.Text("VariantName")
		frozen["ModelName"] = model.Name
		frozen["Weight"] = variant["InitialVariantWeight"]
		frozen["Count"] = 1
		if count, ok := variant.Integer("InitialInstanceCount"); ok {
			frozen["Count"] = count
		}
		for _, member := range []string{"ServerlessConfig", "InstanceType", "AcceleratorType", "ContainerStartupHealthCheckTimeoutInSeconds", "ManagedInstanceScaling", "RoutingConfig"} {
			if variant.Has(member) {
				frozen[member] = variant[member]
			}
		}
		frozen.SetTime("ResolutionTime", h.Catalog.Now())
		variants = append(variants, map[string]any(frozen))
	}
	return variants, nil
}

func seconds(d api.Document, path ...string) time.Duration {
	n, _ := d.Integer(path...)
	return time.Duration(n) * time.Second
}
