package hosting

import (
	"context"
	"errors"
	"maps"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// resolved is a member of a model's document that no output has: image, data and
// environment as they were when the model was created. A package that is changed or
// deleted later does not change the model.
const resolved = "_Resolved"

// CreateModel answers CreateModel.
func (h *Hosting) CreateModel(ctx context.Context, r api.Request) (api.Document, error) {
	in := r.Input
	primary, list := in.Child("PrimaryContainer"), in.List("Containers")
	switch {
	case primary == nil && len(list) == 0:
		return nil, api.ContainersMissing.With()
	case primary != nil && len(list) > 0:
		return nil, api.ContainersBoth.With()
	case len(list) > 1:
		return nil, api.NotSupported.With("A model of several containers", "Give one container.")
	case primary == nil:
		primary = list[0]
	}
	facts, err := h.resolve(ctx, r.Region, primary)
	if err != nil {
		return nil, err
	}
	if err := h.checkData(ctx, r, facts); err != nil {
		return nil, err
	}
	document := in.Clone()
	document[resolved] = map[string]any(facts)
	document["EnableNetworkIsolation"] = in.Flag("EnableNetworkIsolation")
	if in.Has("PrimaryContainer") && !primary.Has("Mode") {
		shown := primary.Clone()
		shown["Mode"] = "SingleModel"
		document["PrimaryContainer"] = map[string]any(shown)
	}
	record := &store.Record{Kind: store.Model, Name: in.Text("ModelName"), Document: document}
	if err := h.Catalog.Create(ctx, r, record, func(arn string) error { return api.ModelExists.With(arn) }); err != nil {
		return nil, err
	}
	return api.Document{"ModelArn": record.ARN()}, nil
}

// resolve returns a container's Image, Environment and data (Data, DataKind), taken
// from its model package when it names one.
func (h *Hosting) resolve(ctx context.Context, region string, definition api.Document) (api.Document, error) {
	if definition.Text("Mode") == "MultiModel" {
		return nil, api.NotSupported.With("Container mode MultiModel", "Give each model an endpoint or a variant.")
	}
	image, environment := definition.Text("Image"), definition.TextMap("Environment")
	source := definition
	if name := definition.Text("ModelPackageName"); name != "" {
		pkg, err := h.Registry.Package(ctx, region, name)
		if err != nil {
			return nil, err
		}
		if pkg.Status != "Completed" || pkg.Family != "" && pkg.Approval != "Approved" {
			return nil, api.UnapprovedModelPackage.With(pkg.ARN(), pkg.Status, pkg.Approval)
		}
		containers := pkg.Document.List("InferenceSpecification", "Containers")
		if len(containers) != 1 {
			return nil, api.NotSupported.With("A model package without exactly one container", "Give it an InferenceSpecification with one.")
		}
		source = containers[0]
		if image == "" {
			image = source.Text("Image")
		}
		merged := source.TextMap("Environment")
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, environment)
		environment = merged
	}
	if image == "" {
		return nil, api.ImageMissing.With()
	}
	facts := api.Document{"Image": image}
	values := map[string]any{}
	for key, value := range environment {
		values[key] = value
	}
	facts["Environment"] = values
	if definition.Text("ModelDataUrl") != "" {
		source = definition
	}
	if uri := source.Text("ModelDataUrl"); uri != "" {
		facts["Data"], facts["DataKind"] = uri, gzipped
		return facts, nil
	}
	if data := source.Child("ModelDataSource", "S3DataSource"); data != nil {
		facts["Data"], facts["DataKind"] = data.Text("S3Uri"), files
		if data.Text("CompressionType") == "Gzip" {
			facts["DataKind"] = gzipped
		}
	}
	return facts, nil
}

// The kinds of model data: a tar.gz to unpack, or files as they are.
const (
	gzipped = "archive"
	files   = "files"
)

// checkData refuses model data that is not there, as the service does.
func (h *Hosting) checkData(ctx context.Context, r api.Request, facts api.Document) error {
	uri := facts.Text("Data")
	if uri == "" {
		return nil
	}
	bucket, key, err := objectstore.ParseURI(uri)
	if err != nil {
		return api.BadModelData.With(uri)
	}
	found := false
	if facts.Text("DataKind") == files {
		objects, listErr := h.Objects.List(ctx, bucket, key)
		found, err = len(objects) > 0, listErr
	} else {
		_, err = h.Objects.Head(ctx, bucket, key)
		found = err == nil
	}
	if err != nil && !errors.Is(err, objectstore.ErrNoSuchBucket) && !errors.Is(err, objectstore.ErrNoSuchKey) {
		return err
	}
	if !found {
		return api.NoModelData.With(uri, r.Input.Text("ExecutionRoleArn"), r.Region)
	}
	return nil
}

// DescribeModel answers DescribeModel.
func (h *Hosting) DescribeModel(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := h.Catalog.Get(ctx, store.Model, r.Region, r.Input.Text("ModelName"))
	if err != nil {
		return nil, err
	}
	return describeModel(record), nil
}

func describeModel(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["ModelArn"] = record.ARN()
	result.SetTime("CreationTime", record.Created)
	return result
}

// ListModels answers ListModels.
func (h *Hosting) ListModels(ctx context.Context, r api.Request) (api.Document, error) {
	return h.Catalog.List(ctx, r, catalog.Listing{Kind: store.Model, Member: "Models", NewestFirst: true, Summary: describeModel})
}

// DeleteModel answers DeleteModel.
func (h *Hosting) DeleteModel(ctx context.Context, r api.Request) (api.Document, error) {
	return h.delete(ctx, store.Model, r.Region, r.Input.Text("ModelName"))
}
