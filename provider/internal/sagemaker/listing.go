package sagemaker

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// Summary is what a listing says about a job or an endpoint.
type Summary struct{ Name, ARN, Status string }

// Filter narrows a listing; an empty field does not.
type Filter struct{ NameContains, Status string }

// Jobs lists jobs of a kind, newest first, and asks for a page only when it is needed.
func (c *Client) Jobs(ctx context.Context, kind Kind, f Filter) iter.Seq2[Summary, error] {
	if kind == Training {
		pages := sdk.NewListTrainingJobsPaginator(c.SageMaker, &sdk.ListTrainingJobsInput{NameContains: optional(f.NameContains),
			StatusEquals: types.TrainingJobStatus(f.Status), SortBy: types.SortByCreationTime, SortOrder: types.SortOrderDescending})
		return paged("training jobs", pages.HasMorePages, func() ([]Summary, error) {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			var found []Summary
			for _, s := range page.TrainingJobSummaries {
				found = append(found, Summary{aws.ToString(s.TrainingJobName), aws.ToString(s.TrainingJobArn), string(s.TrainingJobStatus)})
			}
			return found, nil
		})
	}
	pages := sdk.NewListProcessingJobsPaginator(c.SageMaker, &sdk.ListProcessingJobsInput{NameContains: optional(f.NameContains),
		StatusEquals: types.ProcessingJobStatus(f.Status), SortBy: types.SortByCreationTime, SortOrder: types.SortOrderDescending})
	return paged("processing jobs", pages.HasMorePages, func() ([]Summary, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var found []Summary
		for _, s := range page.ProcessingJobSummaries {
			found = append(found, Summary{aws.ToString(s.ProcessingJobName), aws.ToString(s.ProcessingJobArn), string(s.ProcessingJobStatus)})
		}
		return found, nil
	})
}

// Endpoints lists endpoints by name, and asks for a page only when it is needed.
func (c *Client) Endpoints(ctx context.Context, f Filter) iter.Seq2[Summary, error] {
	pages := sdk.NewListEndpointsPaginator(c.SageMaker, &sdk.ListEndpointsInput{NameContains: optional(f.NameContains),
		StatusEquals: types.EndpointStatus(f.Status), SortBy: types.EndpointSortKeyName, SortOrder: types.OrderKeyAscending})
	return paged("endpoints", pages.HasMorePages, func() ([]Summary, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var found []Summary
		for _, s := range page.Endpoints {
			found = append(found, Summary{aws.ToString(s.EndpointName), aws.ToString(s.EndpointArn), string(s.EndpointStatus)})
		}
		return found, nil
	})
}

// paged turns a paginator into a sequence that ends with its first error.
func paged(what string, more func() bool, next func() ([]Summary, error)) iter.Seq2[Summary, error] {
	return func(yield func(Summary, error) bool) {
		for more() {
			page, err := next()
			if err != nil {
				yield(Summary{}, fmt.Errorf("listing %s: %w", what, err))
				return
			}
			for _, s := range page {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}
