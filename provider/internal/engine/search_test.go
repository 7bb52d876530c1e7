package engine_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func where(name string, operator types.Operator, value ...string) types.Filter {
	f := types.Filter{Name: aws.String(name), Operator: operator}
	if len(value) > 0 {
		f.Value = aws.String(value[0])
	}
	return f
}

func TestSearch(t *testing.T) {
	s := newSuite(t)
	for i := range 4 {
		in := training(fmt.Sprintf("job-%d", i), "good", func(in *sagemaker.CreateTrainingJobInput) {
			in.HyperParameters = map[string]string{"depth": fmt.Sprint(i), "with.dots": "yes"}
			in.Tags = []types.Tag{{Key: aws.String("owner"), Value: aws.String([]string{"ann", "ben"}[i%2])}}
		})
		s.trained(in)
	}
	find := func(filters ...types.Filter) *types.SearchExpression {
		return &types.SearchExpression{Filters: filters}
	}
	names := func(e *types.SearchExpression) string {
		t.Helper()
		var all []string
		pages := sagemaker.NewSearchPaginator(s.Client, &sagemaker.SearchInput{Resource: types.ResourceTypeTrainingJob, SearchExpression: e,
			SortBy: aws.String("TrainingJobName"), SortOrder: types.SearchSortOrderAscending, MaxResults: aws.Int32(3)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, result := range page.Results {
				all = append(all, *result.TrainingJob.TrainingJobName)
			}
		}
		return sprint(all)
	}
	artifact := *s.ended("job-2").ModelArtifacts.S3ModelArtifacts
	channel := aws.ToString(s.ended("job-0").InputDataConfig[0].ChannelName)
	for _, c := range []struct {
		what string
		e    *types.SearchExpression
		want string
	}{
		{"everything", nil, "[job-0 job-1 job-2 job-3]"},
		{"by artifact", find(where("ModelArtifacts.S3ModelArtifacts", types.OperatorEquals, artifact)), "[job-2]"},
		{"by tag", find(where("Tags.owner", types.OperatorEquals, "ben")), "[job-1 job-3]"},
		{"by number", find(where("HyperParameters.depth", types.OperatorGreaterThan, "1")), "[job-2 job-3]"},
		{"key with dots", find(where("HyperParameters.with.dots", types.OperatorEquals, "yes"), where("HyperParameters.depth", types.OperatorIn, "0, 3")), "[job-0 job-3]"},
		{"by time", find(where("CreationTime", types.OperatorLessThan, "2020-01-01T00:00:00Z")), "[]"},
		{"by later time", find(where("CreationTime", types.OperatorGreaterThan, "2020-01-01T00:00:00Z")), "[job-0 job-1 job-2 job-3]"},
		{"not there", find(where("FailureReason", types.OperatorNotExists), where("TrainingJobName", types.OperatorNotEquals, "job-0")), "[job-1 job-2 job-3]"},
		{"either", &types.SearchExpression{Operator: types.BooleanOperatorOr, Filters: []types.Filter{where("TrainingJobName", types.OperatorContains, "b-0")},
			SubExpressions: []types.SearchExpression{*find(where("Tags.owner", types.OperatorEquals, "ann"), where("HyperParameters.depth", types.OperatorGreaterThanOrEqualTo, "2"))}}, "[job-0 job-2]"},
		{"one channel", &types.SearchExpression{NestedFilters: []types.NestedFilters{{NestedPropertyName: aws.String("InputDataConfig"),
			Filters: []types.Filter{where("InputDataConfig.ChannelName", types.OperatorEquals, channel)}}}}, "[job-0 job-1 job-2 job-3]"},
		{"no channel", &types.SearchExpression{NestedFilters: []types.NestedFilters{{NestedPropertyName: aws.String("InputDataConfig"),
			Filters: []types.Filter{where("InputDataConfig.ChannelName", types.OperatorEquals, channel), where("InputDataConfig.ChannelName", types.OperatorEquals, "other")}}}}, "[]"},
	} {
		if got := names(c.e); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
	// Tags are those of now; the answer is the job as it is described.
	if _, err := s.AddTags(s.ctx, &sagemaker.AddTagsInput{ResourceArn: s.ended("job-0").TrainingJobArn, Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("eve")}}}); err != nil {
		t.Fatal(err)
	}
	out, err := s.Search(s.ctx, &sagemaker.SearchInput{Resource: types.ResourceTypeTrainingJob, SearchExpression: find(where("Tags.owner", types.OperatorEquals, "eve"))})
	if err != nil || len(out.Results) != 1 || *out.TotalHits.Value != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	if job := out.Results[0].TrainingJob; job.TrainingJobStatus != types.TrainingJobStatusCompleted || *job.Tags[0].Value != "eve" || job.CreationTime.IsZero() {
		t.Errorf("found %+v", job)
	}
	for resource, found := range map[types.ResourceType]int{types.ResourceTypeModelPackageGroup: 1, types.ResourceTypeExperiment: 0, types.ResourceTypeEndpoint: 0} {
		if resource == types.ResourceTypeModelPackageGroup {
			if _, err := s.CreateModelPackageGroup(s.ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("group")}); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := s.Search(s.ctx, &sagemaker.SearchInput{Resource: resource}); err != nil || len(out.Results) != found {
			t.Errorf("%s: %+v %v", resource, out, err)
		}
	}
	for _, c := range []struct {
		f    types.Filter
		want string
	}{
		{where("HyperParameters.depth", types.OperatorLessThan, "deep"), "wants a number or a time"},
		{where("TrainingJobName", types.OperatorExists, "x"), "takes none"},
		{where("TrainingJobName", types.OperatorEquals), "no value"},
	} {
		_, err := s.Search(s.ctx, &sagemaker.SearchInput{Resource: types.ResourceTypeTrainingJob, SearchExpression: find(c.f)})
		wantError(t, err, "ValidationException", c.want)
	}
	_, err = s.Search(s.ctx, &sagemaker.SearchInput{Resource: types.ResourceTypeTrainingJob, NextToken: aws.String("made up")})
	wantError(t, err, "ValidationException", "Invalid pagination token.")
	_, err = s.Search(s.ctx, &sagemaker.SearchInput{Resource: types.ResourceTypeModel})
	wantError(t, err, "ValidationException", "Use ListModels")
}
