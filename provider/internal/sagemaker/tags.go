package sagemaker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// Tags this project sets on what it creates, beside the user's.
const (
	TagPrefix    = "titanicml:"
	TagHash      = TagPrefix + "input-hash"
	TagAttempt   = TagPrefix + "attempt"
	TagReleased  = TagPrefix + "released"
	TagPrincipal = TagPrefix + "principal"
	// TagEndpoint marks endpoints, configs and models with the endpoint they were created for.
	TagEndpoint = TagPrefix + "endpoint"
)

// Tags turns a map into the SDK's list, sorted by key.
func Tags(m map[string]string) []types.Tag {
	var tags []types.Tag
	for _, k := range slices.Sorted(maps.Keys(m)) {
		tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String(m[k])})
	}
	return tags
}

// ListTags reads all tags of an ARN.
func (c *Client) ListTags(ctx context.Context, arn string) (map[string]string, error) {
	found := map[string]string{}
	pages := sdk.NewListTagsPaginator(c.SageMaker, &sdk.ListTagsInput{ResourceArn: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the tags of %s: %w", arn, err)
		}
		for _, t := range page.Tags {
			found[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return found, nil
}

// UserTags drops the tags that this project or AWS manages.
func UserTags(all map[string]string) map[string]string {
	user := map[string]string{}
	for k, v := range all {
		if !strings.HasPrefix(k, TagPrefix) && !strings.HasPrefix(k, "aws:") {
			user[k] = v
		}
	}
	return user
}

// AddTags sets tags, overwriting values of the same keys.
func (c *Client) AddTags(ctx context.Context, arn string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	if _, err := c.SageMaker.AddTags(ctx, &sdk.AddTagsInput{ResourceArn: &arn, Tags: Tags(tags)}); err != nil {
		return fmt.Errorf("tagging %s: %w", arn, err)
	}
	return nil
}

// SyncTags makes the user's tags of an ARN equal to want; tags this project or AWS manages stay.
func (c *Client) SyncTags(ctx context.Context, arn string, want map[string]string) error {
	have, err := c.ListTags(ctx, arn)
	if err != nil {
		return err
	}
	set, gone := DiffTags(UserTags(have), want)
	if len(gone) > 0 {
		if _, err := c.SageMaker.DeleteTags(ctx, &sdk.DeleteTagsInput{ResourceArn: &arn, TagKeys: gone}); err != nil {
			return fmt.Errorf("removing tags of %s: %w", arn, err)
		}
	}
	return c.AddTags(ctx, arn, set)
}

// DiffTags says which tags to set and which keys to remove to get from have to want.
func DiffTags(have, want map[string]string) (set map[string]string, gone []string) {
	set = map[string]string{}
	for k, v := range want {
		if old, ok := have[k]; !ok || old != v {
			set[k] = v
		}
	}
	for _, k := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[k]; !ok {
			gone = append(gone, k)
		}
	}
	return set, gone
}
