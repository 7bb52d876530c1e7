package hosting

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// The statuses of an endpoint that the engine has reasons for.
const (
	creating    = "Creating"
	updating    = "Updating"
	rollingBack = "RollingBack"
	inService   = "InService"
	failed      = "Failed"
	deleting    = "Deleting"
)

// states is the state machine of an endpoint. A failed one can only be deleted; an
// update that fails ends InService on the old configuration.
var states = catalog.Machine{
	creating:    {inService, failed},
	inService:   {updating, deleting, failed},
	updating:    {inService, rollingBack, failed},
	rollingBack: {inService, failed},
	failed:      {deleting},
	deleting:    {},
}

// Members of an endpoint's document that no output has.
const (
	serving = "_Serving" // snapshot of the variants in service; absent before the first deployment
	pending = "_Pending" // the deployment under way: ConfigName, Variants, Config, StartTime
)

// Members of a variant in service while UpdateEndpointWeightsAndCapacities is carried out.
const (
	wantedWeight = "_WantedWeight"
	wantedCount  = "_WantedCount"
	wantedServer = "_WantedServerlessConfig"
)

// maxInstances bounds the instances of an endpoint. Each is a process of this machine.
const maxInstances = 256

// checkInstances refuses an endpoint that is too large, in the words of a quota of the service.
func checkInstances(variants []api.Document, desired map[string]fleet.Weights) error {
	total, kind := int64(0), ""
	for _, variant := range variants {
		count, _ := variant.Integer("Count")
		if wanted := desired[variant.Text("VariantName")]; wanted.Count != nil {
			count = int64(*wanted.Count)
		}
		total += count
		kind = cmp.Or(kind, variant.Text("InstanceType"))
	}
	if total > maxInstances {
		return api.InstanceQuota.With(kind, "endpoint", maxInstances, total)
	}
	return nil
}

// CreateEndpoint answers CreateEndpoint.
func (h *Hosting) CreateEndpoint(ctx context.Context, r api.Request) (api.Document, error) {
	in := r.Input
	plan, err := h.plan(ctx, r.Region, in.Text("EndpointConfigName"), in.Child("DeploymentConfig"))
	if err != nil {
		return nil, err
	}
	document := in.Clone()
	delete(document, "DeploymentConfig")
	document[pending] = map[string]any(plan)
	record := &store.Record{Kind: store.Endpoint, Name: in.Text("EndpointName"), Status: creating, Document: document}
	if err := h.Catalog.Create(ctx, r, record, func(arn string) error { return api.EndpointExists.With(arn) }); err != nil {
		return nil, err
	}
	h.goDeploy(fleet.Key{Region: r.Region, Endpoint: record.Name})
	return api.Document{"EndpointArn": record.ARN()}, nil
}

// plan is what a deployment needs, kept in the endpoint until it is over.
func (h *Hosting) plan(ctx context.Context, region, configName string, deployment api.Document) (api.Document, error) {
	if err := checkDeployment(deployment); err != nil {
		return nil, err
	}
	config, err := h.Catalog.Get(ctx, store.EndpointConfig, region, configName)
	if err != nil {
		return nil, err
	}
	variants, err := h.snapshot(ctx, config)
	if err != nil {
		return nil, err
	}
	plan := api.Document{"ConfigName": configName, "Variants": variants}
	if err := checkInstances(plan.List("Variants"), nil); err != nil {
		return nil, err
	}
	if deployment != nil {
		plan["Config"] = map[string]any(deployment)
	}
	if capture := config.Document.Child("DataCaptureConfig"); capture != nil {
		plan["DataCapture"] = map[string]any(captureSummary(capture))
	}
	plan.SetTime("StartTime", h.Catalog.Now())
	return plan, nil
}

// captureSummary reports capture as configured. The engine stores and echoes the
// configuration; it captures nothing, so the status is Stopped.
func captureSummary(capture api.Document) api.Document {
	summary := api.Document{
		"EnableCapture": capture.Flag("EnableCapture"), "CaptureStatus": "Stopped",
		"CurrentSamplingPercentage": capture["InitialSamplingPercentage"], "DestinationS3Uri": capture["DestinationS3Uri"],
		"KmsKeyId": "",
	}
	if key := capture.Text("KmsKeyId"); key != "" {
		summary["KmsKeyId"] = key
	}
	return summary
}

// UpdateEndpoint answers UpdateEndpoint.
func (h *Hosting) UpdateEndpoint(ctx context.Context, r api.Request) (api.Document, error) {
	in := r.Input
	name, configName := in.Text("EndpointName"), in.Text("EndpointConfigName")
	current, err := h.Catalog.Get(ctx, store.Endpoint, r.Region, name)
	if err != nil {
		return nil, err
	}
	if err := updatable(current); err != nil {
		return nil, err
	}
	deployment := in.Child("DeploymentConfig")
	if in.Flag("RetainDeploymentConfig") {
		deployment = current.Document.Child("LastDeploymentConfig")
	}
	plan, err := h.plan(ctx, r.Region, configName, deployment)
	if err != nil {
		return nil, err
	}
	old := current.Document.Text("EndpointConfigName")
	if old == configName {
		return nil, api.EndpointSameConfig.With(api.ResourceARN(r.Region, string(store.EndpointConfig), configName))
	}
	// The service reads the old configuration to move away from it, and refuses the
	// update when somebody deleted it.
	if _, err := h.Catalog.Get(ctx, store.EndpointConfig, r.Region, old); err != nil {
		return nil, err
	}
	record, err := h.Catalog.Update(ctx, store.Endpoint, r.Region, name, func(record *store.Record) error {
		if err := updatable(record); err != nil {
			return err
		}
		if in.Flag("RetainAllVariantProperties") {
			retain(plan, record.Document, in.List("ExcludeRetainedVariantProperties"))
		}
		record.Status = updating
		record.Document[pending] = map[string]any(plan)
		delete(record.Document, "FailureReason")
		return nil
	})
	if err != nil {
		return nil, err
	}
	h.goDeploy(fleet.Key{Region: r.Region, Endpoint: name})
	return api.Document{"EndpointArn": record.ARN()}, nil
}

func updatable(record *store.Record) error {
	switch {
	case record.Status == failed:
		return api.EndpointFailed.With(record.ARN())
	case states.Check(record.Status, updating) != nil:
		return api.EndpointInProgress.With(record.ARN())
	}
	return nil
}

// retain carries over weights, counts and capture of variants that keep their name.
func retain(plan, document api.Document, excluded []api.Document) {
	skip := func(property string) bool {
		return slices.ContainsFunc(excluded, func(d api.Document) bool { return d.Text("VariantPropertyType") == property })
	}
	before := map[string]api.Document{}
	for _, variant := range document.List(serving) {
		before[variant.Text("VariantName")] = variant
	}
	for _, variant := range plan.List("Variants") {
		old, ok := before[variant.Text("VariantName")]
		if !ok {
			continue
		}
		if !skip("DesiredWeight") {
			variant["Weight"] = old["Weight"]
		}
		if !skip("DesiredInstanceCount") {
			variant["Count"] = old["Count"]
		}
	}
	if capture := document.Child("DataCaptureConfig"); capture != nil && !skip("DataCaptureConfig") {
		plan["DataCapture"] = map[string]any(capture)
	}
}

// UpdateWeights answers UpdateEndpointWeightsAndCapacities.
func (h *Hosting) UpdateWeights(ctx context.Context, r api.Request) (api.Document, error) {
	name := r.Input.Text("EndpointName")
	desired := map[string]fleet.Weights{}
	record, err := h.Catalog.Update(ctx, store.Endpoint, r.Region, name, func(record *store.Record) error {
		if err := updatable(record); err != nil {
			return err
		}
		for _, wanted := range r.Input.List("DesiredWeightsAndCapacities") {
			variant := wanted.Text("VariantName")
			variants := record.Document.List(serving)
			at := slices.IndexFunc(variants, func(d api.Document) bool { return d.Text("VariantName") == variant })
			if at < 0 {
				return api.NoVariant.With(variant, record.ARN())
			}
			serverless := variants[at].Child("ServerlessConfig")
			if serverless == nil && wanted.Has("ServerlessUpdateConfig") || serverless != nil && wanted.Has("DesiredInstanceCount") {
				return api.WrongCapacity.With(variant)
			}
			if update := wanted.Child("ServerlessUpdateConfig"); update != nil {
				merged := serverless.Clone()
				maps.Copy(merged, update)
				variants[at][wantedServer] = map[string]any(merged)
			}
			var weights fleet.Weights
			if weight, ok := wanted.Number("DesiredWeight"); ok {
				weights.Weight = &weight
			}
			if count, ok := wanted.Integer("DesiredInstanceCount"); ok {
				n := int(count)
				weights.Count = &n
			}
			desired[variant] = weights
		}
		if err := checkInstances(record.Document.List(serving), desired); err != nil {
			return err
		}
		// What is wanted shows at once, beside what is.
		for _, variant := range record.Document.List(serving) {
			wanted := desired[variant.Text("VariantName")]
			if wanted.Weight != nil {
				variant[wantedWeight] = *wanted.Weight
			}
			if wanted.Count != nil {
				variant[wantedCount] = *wanted.Count
			}
		}
		record.Status = updating
		delete(record.Document, "FailureReason")
		return nil
	})
	if err != nil {
		return nil, err
	}
	h.goReweigh(fleet.Key{Region: r.Region, Endpoint: name}, desired)
	return api.Document{"EndpointArn": record.ARN()}, nil
}

// DeleteEndpoint answers DeleteEndpoint. Like the service it refuses while the
// endpoint is being created or updated.
func (h *Hosting) DeleteEndpoint(ctx context.Context, r api.Request) (api.Document, error) {
	name := r.Input.Text("EndpointName")
	_, err := h.Catalog.Update(ctx, store.Endpoint, r.Region, name, func(record *store.Record) error {
		if states.Check(record.Status, deleting) != nil {
			return api.EndpointInProgress.With(record.ARN())
		}
		record.Status = deleting
		return nil
	})
	if err != nil {
		return nil, err
	}
	h.goRemove(fleet.Key{Region: r.Region, Endpoint: name})
	return api.Document{}, nil
}

// DescribeEndpoint answers DescribeEndpoint.
func (h *Hosting) DescribeEndpoint(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := h.Catalog.Get(ctx, store.Endpoint, r.Region, r.Input.Text("EndpointName"))
	if err != nil {
		return nil, err
	}
	return h.EndpointDocument(record), nil
}

// EndpointDocument returns an endpoint as it is described and searched, with what its fleet runs at the moment.
func (h *Hosting) EndpointDocument(record *store.Record) api.Document {
	result := describeEndpoint(record)
	key := fleet.Key{Region: record.Region, Endpoint: record.Name}
	if variants := h.variantSummaries(key, record); len(variants) > 0 {
		result["ProductionVariants"] = variants
	}
	if summary := h.pendingSummary(key, record); summary != nil {
		result["PendingDeploymentSummary"] = map[string]any(summary)
	}
	return result
}

func describeEndpoint(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["EndpointArn"] = record.ARN()
	result["EndpointStatus"] = record.Status
	result.SetTime("CreationTime", record.Created)
	result.SetTime("LastModifiedTime", record.Modified)
	return result
}

func (h *Hosting) variantSummaries(key fleet.Key, record *store.Record) []any {
	healthy := map[string]int{}
	if _, live, ok := h.Fleet.Status(key); ok {
		for _, variant := range live {
			healthy[variant.Name] = variant.Healthy
		}
	}
	var summaries []any
	if !record.Document.Has(serving) { // the first deployment: all that will be, with nothing there yet
		for _, variant := range record.Document.List(pending, "Variants") {
			summary := summarize(variant)
			summary["CurrentWeight"] = variant["Weight"]
			if !variant.Has("ServerlessConfig") {
				summary["CurrentInstanceCount"] = 0
			}
			summary["VariantStatus"] = []any{map[string]any{"Status": "Creating", "StartTime": record.Document.Child(pending)["StartTime"]}}
			summaries = append(summaries, map[string]any(summary))
		}
		return summaries
	}
	for _, variant := range record.Document.List(serving) {
		summary := summarize(variant)
		if weight, ok := variant[wantedWeight]; ok {
			summary["DesiredWeight"] = weight
		}
		if count, ok := variant[wantedCount]; ok {
			summary["DesiredInstanceCount"] = count
		}
		if serverless, ok := variant[wantedServer]; ok {
			summary["DesiredServerlessConfig"] = serverless
		}
		summary["CurrentWeight"] = variant["Weight"]
		if variant.Has("ServerlessConfig") {
			summary["CurrentServerlessConfig"] = variant["ServerlessConfig"]
		} else {
			summary["CurrentInstanceCount"] = healthy[variant.Text("VariantName")]
		}
		summaries = append(summaries, map[string]any(summary))
	}
	return summaries
}

func summarize(variant api.Document) api.Document {
	summary := api.Document{
		"VariantName":   variant["VariantName"],
		"DesiredWeight": variant["Weight"],
		"DeployedImages": []any{map[string]any{
			"SpecifiedImage": variant["Image"], "ResolvedImage": variant["Image"], "ResolutionTime": variant["ResolutionTime"],
		}},
	}
	if variant.Has("ServerlessConfig") {
		summary["DesiredServerlessConfig"] = variant["ServerlessConfig"]
	} else {
		summary["DesiredInstanceCount"] = variant["Count"]
	}
	for _, member := range []string{"ManagedInstanceScaling", "RoutingConfig"} {
		if variant.Has(member) {
			summary[member] = variant[member]
		}
	}
	return summary
}

// variantPhases are a variant's statuses while a deployment is under way.
var variantPhases = map[fleet.Phase]string{
	fleet.Starting: "Creating", fleet.Baking: "Baking", fleet.Switched: "ActivatingTraffic",
	fleet.Terminating: "ActivatingTraffic", fleet.RollingBack: "Deleting",
}

// pendingSummary describes the deployment under way of an endpoint that serves
// another configuration meanwhile.
func (h *Hosting) pendingSummary(key fleet.Key, record *store.Record) api.Document {
	plan := record.Document.Child(pending)
	if plan == nil || record.Status != updating && record.Status != rollingBack {
		return nil
	}
	h.mu.Lock()
	progress := h.progress[key]
	h.mu.Unlock()
	phase, ok := variantPhases[progress.Phase]
	if !ok {
		phase = "Creating"
	}
	var variants []any
	for _, variant := range plan.List("Variants") {
		summary := summarize(variant)
		if variant.Has("InstanceType") {
			summary["InstanceType"] = variant["InstanceType"]
		}
		status := map[string]any{"Status": phase, "StartTime": plan["StartTime"]}
		if progress.Message != "" {
			status["StatusMessage"] = progress.Message
		}
		summary["VariantStatus"] = []any{status}
		variants = append(variants, map[string]any(summary))
	}
	return api.Document{"EndpointConfigName": plan["ConfigName"], "ProductionVariants": variants, "StartTime": plan["StartTime"]}
}

// ListEndpoints answers ListEndpoints.
func (h *Hosting) ListEndpoints(ctx context.Context, r api.Request) (api.Document, error) {
	return h.Catalog.List(ctx, r, catalog.Listing{
		Kind: store.Endpoint, Member: "Endpoints", NewestFirst: true, Summary: describeEndpoint,
	})
}
