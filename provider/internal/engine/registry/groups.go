package registry

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// CreateGroup answers CreateModelPackageGroup.
func (g *Registry) CreateGroup(ctx context.Context, r api.Request) (api.Document, error) {
	document := r.Input.Clone()
	document["CreatedBy"] = user(r.Caller)
	record := &store.Record{Kind: store.ModelPackageGroup, Name: r.Input.Text("ModelPackageGroupName"), Status: "Completed", Document: document}
	err := g.catalog.Create(ctx, r, record, func(arn string) error { return api.ModelPackageGroupExists.With(arn) })
	if err != nil {
		return nil, err
	}
	return api.Document{"ModelPackageGroupArn": record.ARN()}, nil
}

func (g *Registry) group(ctx context.Context, r api.Request) (*store.Record, error) {
	name, err := catalog.NameOf(store.ModelPackageGroup, r.Region, r.Input.Text("ModelPackageGroupName"))
	if err != nil {
		return nil, err
	}
	return g.catalog.Get(ctx, store.ModelPackageGroup, r.Region, name)
}

// DescribeGroup answers DescribeModelPackageGroup.
func (g *Registry) DescribeGroup(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := g.group(ctx, r)
	if err != nil {
		return nil, err
	}
	return GroupDocument(record), nil
}

// GroupDocument returns a model package group as it is described and searched.
func GroupDocument(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["ModelPackageGroupArn"] = record.ARN()
	result["ModelPackageGroupStatus"] = record.Status
	result.SetTime("CreationTime", record.Created)
	return result
}

// ListGroups answers ListModelPackageGroups.
func (g *Registry) ListGroups(ctx context.Context, r api.Request) (api.Document, error) {
	if r.Input.Text("CrossAccountFilterOption") == "CrossAccount" {
		return api.Document{"ModelPackageGroupSummaryList": []any{}}, nil
	}
	return g.catalog.List(ctx, r, catalog.Listing{
		Kind: store.ModelPackageGroup, Member: "ModelPackageGroupSummaryList", Summary: GroupDocument,
	})
}

// DeleteGroup answers DeleteModelPackageGroup: a group with packages stays.
func (g *Registry) DeleteGroup(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := g.group(ctx, r)
	if err != nil {
		return nil, err
	}
	err = g.catalog.Store.Delete(ctx, record.Kind, record.Region, record.Name, store.ModelPackage, nil)
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, api.ModelPackageGroupNotEmpty.With()
	case errors.Is(err, store.ErrNotFound):
		return nil, catalog.Missing(record.Kind, record.Region, record.Name)
	}
	return api.Document{}, err
}

// PutGroupPolicy answers PutModelPackageGroupPolicy.
func (g *Registry) PutGroupPolicy(ctx context.Context, r api.Request) (api.Document, error) {
	text := r.Input.Text("ResourcePolicy")
	var statement map[string]any
	if err := json.Unmarshal([]byte(text), &statement); err != nil {
		return nil, api.BadPolicy.With(err)
	}
	record, err := g.changeGroup(ctx, r, func(record *store.Record) error {
		record.Document[policy] = text
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.Document{"ModelPackageGroupArn": record.ARN()}, nil
}

// GetGroupPolicy answers GetModelPackageGroupPolicy.
func (g *Registry) GetGroupPolicy(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := g.group(ctx, r)
	if err != nil {
		return nil, err
	}
	if !record.Document.Has(policy) {
		return nil, api.NoModelPackageGroupPolicy.With(record.ARN())
	}
	return api.Document{"ResourcePolicy": record.Document.Text(policy)}, nil
}

// DeleteGroupPolicy answers DeleteModelPackageGroupPolicy.
func (g *Registry) DeleteGroupPolicy(ctx context.Context, r api.Request) (api.Document, error) {
	_, err := g.changeGroup(ctx, r, func(record *store.Record) error {
		if !record.Document.Has(policy) {
			return api.NoModelPackageGroupPolicy.With(record.ARN())
		}
		delete(record.Document, policy)
		return nil
	})
	return api.Document{}, err
}

func (g *Registry) changeGroup(ctx context.Context, r api.Request, change func(*store.Record) error) (*store.Record, error) {
	name, err := catalog.NameOf(store.ModelPackageGroup, r.Region, r.Input.Text("ModelPackageGroupName"))
	if err != nil {
		return nil, err
	}
	return g.catalog.Update(ctx, store.ModelPackageGroup, r.Region, name, change)
}
