// Package references finds what still needs a thing that is about to be deleted. In go its names, out come the champion pointers, decision
// records and endpoints that hold it.
package references

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// To lists what a champion pointer, a decision record or an endpoint holds of the given things, each named by any of its
// URI, ARN, digest, or job name. What is listed must not be deleted. Evidence links a dataset and a run to the
// evaluations that decisions name, so those are followed.
func To(ctx context.Context, c *sagemaker.Client, names ...string) ([]string, error) {
	names = slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "" })
	evidence, err := documents(ctx, c, "evaluations", "/evidence.json")
	if err != nil {
		return nil, err
	}
	direct := slices.Clone(names)
	for uri, doc := range evidence {
		if mentions(doc, direct) {
			names = append(names, uri)
			if m, ok := doc.(map[string]any); ok {
				for _, key := range []string{"evaluation", "job_arn"} {
					if s, ok := m[key].(string); ok {
						names = append(names, s)
					}
				}
			}
		}
	}
	var found []string
	for _, folder := range []struct{ name, what string }{{"champions", "champion pointer"}, {"decisions", "decision record"}} {
		docs, err := documents(ctx, c, folder.name, ".json")
		if err != nil {
			return nil, err
		}
		for uri, doc := range docs {
			if mentions(doc, names) {
				found = append(found, folder.what+" "+uri)
			}
		}
	}
	served, err := servedBy(ctx, c, names)
	if err != nil {
		return nil, err
	}
	found = append(found, served...)
	slices.Sort(found)
	return found, nil
}

// documents reads every JSON document under a folder of the store, by URI.
func documents(ctx context.Context, c *sagemaker.Client, folder, suffix string) (map[string]any, error) {
	under := c.Store.Join(folder)
	under.Key += "/"
	infos, err := c.List(ctx, under)
	if err != nil {
		return nil, err
	}
	docs := map[string]any{}
	for _, info := range infos {
		if !strings.HasSuffix(info.URI, suffix) {
			continue
		}
		obj, err := c.Document(ctx, info.URI)
		if sagemaker.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var doc any
		if err := json.Unmarshal(obj.Body, &doc); err != nil {
			// An unreadable record may reference anything: refusing is the safe side.
			return nil, fmt.Errorf("reading %s to see what it references: %w", info.URI, err)
		}
		docs[info.URI] = doc
	}
	return docs, nil
}

// mentions reports whether any string inside doc is one of names.
func mentions(doc any, names []string) bool {
	switch v := doc.(type) {
	case string:
		return slices.Contains(names, v)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return mentions(e, names) })
	case map[string]any:
		for _, e := range v {
			if mentions(e, names) {
				return true
			}
		}
	}
	return false
}

// servedBy lists the endpoints one of whose models is built from a package or artifact in names.
func servedBy(ctx context.Context, c *sagemaker.Client, names []string) ([]string, error) {
	var found []string
	pages := sdk.NewListEndpointsPaginator(c.SageMaker, &sdk.ListEndpointsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing endpoints: %w", err)
		}
		for _, e := range page.Endpoints {
			models, err := endpointModels(ctx, c, aws.ToString(e.EndpointName))
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(models, func(m string) bool { return slices.Contains(names, m) }) {
				found = append(found, "endpoint "+aws.ToString(e.EndpointName))
			}
		}
	}
	return found, nil
}

// EndpointsServing lists the names of the endpoints one of whose models is built from a package or artifact in names.
func EndpointsServing(ctx context.Context, c *sagemaker.Client, names ...string) ([]string, error) {
	found, err := servedBy(ctx, c, names)
	for i, s := range found {
		found[i] = strings.TrimPrefix(s, "endpoint ")
	}
	slices.Sort(found)
	return found, err
}

// endpointModels returns the artifact URIs and package ARNs behind an endpoint; nothing when it is gone.
func endpointModels(ctx context.Context, c *sagemaker.Client, endpoint string) ([]string, error) {
	e, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &endpoint})
	if sagemaker.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing endpoint %s: %w", endpoint, err)
	}
	config, err := c.SageMaker.DescribeEndpointConfig(ctx, &sdk.DescribeEndpointConfigInput{EndpointConfigName: e.EndpointConfigName})
	if sagemaker.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing endpoint config %s: %w", aws.ToString(e.EndpointConfigName), err)
	}
	var found []string
	for _, v := range config.ProductionVariants {
		m, err := c.SageMaker.DescribeModel(ctx, &sdk.DescribeModelInput{ModelName: v.ModelName})
		if sagemaker.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("describing model %s: %w", aws.ToString(v.ModelName), err)
		}
		if m.PrimaryContainer != nil {
			found = append(found, aws.ToString(m.PrimaryContainer.ModelDataUrl), aws.ToString(m.PrimaryContainer.ModelPackageName))
		}
		for _, k := range m.Containers {
			found = append(found, aws.ToString(k.ModelDataUrl), aws.ToString(k.ModelPackageName))
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == "" }), nil
}
