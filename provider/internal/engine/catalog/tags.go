package catalog

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// taggable are the kinds that carry tags.
var taggable = []store.Kind{
	store.TrainingJob, store.ProcessingJob, store.ModelPackageGroup, store.ModelPackage,
	store.Model, store.EndpointConfig, store.Endpoint,
}

// TagsOf returns the Tags of an input, checked as the service checks them.
func TagsOf(in api.Document) ([]store.Tag, error) {
	var tags []store.Tag
	seen := map[string]bool{}
	for _, item := range in.List("Tags") {
		tag := store.Tag{Key: item.Text("Key"), Value: item.Text("Value")}
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			return nil, api.ReservedTag.With()
		}
		if seen[tag.Key] {
			return nil, api.DuplicateTag.With()
		}
		seen[tag.Key] = true
		tags = append(tags, tag)
	}
	return tags, nil
}

// AddTags answers AddTags.
func (c *Catalog) AddTags(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := c.tagged(ctx, r)
	if err != nil {
		return nil, err
	}
	if record.Kind == store.ModelPackage && record.Family != "" {
		return nil, api.VersionedTags.With()
	}
	tags, err := TagsOf(r.Input)
	if err != nil {
		return nil, err
	}
	err = c.Store.AddTags(ctx, record.ARN(), tags)
	if errors.Is(err, store.ErrTooManyTags) {
		return nil, api.TooManyTags.With()
	}
	if err != nil {
		return nil, err
	}
	all, err := c.Store.Tags(ctx, record.ARN(), "", store.MaxTags)
	return api.Document{"Tags": tagList(all)}, err
}

// ListTags answers ListTags. Versions of a model package have none.
func (c *Catalog) ListTags(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := c.tagged(ctx, r)
	if err != nil {
		return nil, err
	}
	limit := store.MaxTags
	if given, ok := r.Input.Integer("MaxResults"); ok {
		limit = int(min(given, store.MaxTags))
	}
	tags, err := c.Store.Tags(ctx, record.ARN(), "", limit)
	return api.Document{"Tags": tagList(tags)}, err
}

// DeleteTags answers DeleteTags.
func (c *Catalog) DeleteTags(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := c.tagged(ctx, r)
	if err != nil {
		return nil, err
	}
	return api.Document{}, c.Store.DeleteTags(ctx, record.ARN(), r.Input.Texts("TagKeys"))
}

func tagList(tags []store.Tag) []any {
	list := make([]any, len(tags))
	for i, tag := range tags {
		list[i] = map[string]any{"Key": tag.Key, "Value": tag.Value}
	}
	return list
}

// tagged finds the resource that ResourceArn names.
func (c *Catalog) tagged(ctx context.Context, r api.Request) (*store.Record, error) {
	arn := r.Input.Text("ResourceArn")
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return nil, api.NoTaggable.With(arn)
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	if parts[3] != r.Region || parts[4] != api.Account || !slices.Contains(taggable, store.Kind(kind)) {
		return nil, api.NoTaggable.With(arn)
	}
	return c.Get(ctx, store.Kind(kind), r.Region, name)
}
