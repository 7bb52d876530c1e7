package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func TestListsPageFilterAndSort(t *testing.T) {
	s := newSuite(t)
	for i := range 12 {
		image := "good"
		if i%4 == 0 {
			image = "exit"
		}
		if _, err := s.CreateTrainingJob(s.ctx, training(fmt.Sprintf("job-%02d", i), image)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 12 {
		s.ended(fmt.Sprintf("job-%02d", i))
	}
	names := func(in *sagemaker.ListTrainingJobsInput) []string {
		t.Helper()
		var all []string
		pages := sagemaker.NewListTrainingJobsPaginator(s.Client, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if limit := aws.ToInt32(in.MaxResults); limit > 0 && len(page.TrainingJobSummaries) > int(limit) {
				t.Errorf("a page of %d, limit %d", len(page.TrainingJobSummaries), limit)
			}
			for _, summary := range page.TrainingJobSummaries {
				all = append(all, *summary.TrainingJobName)
			}
		}
		return all
	}
	everything := names(&sagemaker.ListTrainingJobsInput{MaxResults: aws.Int32(5)})
	if len(everything) != 12 || !slices.IsSorted(everything) {
		t.Errorf("by creation: %v", everything)
	}
	descending := names(&sagemaker.ListTrainingJobsInput{MaxResults: aws.Int32(5), SortBy: types.SortByName, SortOrder: types.SortOrderDescending})
	slices.Reverse(descending)
	if !slices.Equal(everything, descending) {
		t.Errorf("by name, descending: %v", descending)
	}
	if failed := names(&sagemaker.ListTrainingJobsInput{StatusEquals: types.TrainingJobStatusFailed, MaxResults: aws.Int32(2)}); sprint(failed) != "[job-00 job-04 job-08]" {
		t.Errorf("failed: %v", failed)
	}
	if some := names(&sagemaker.ListTrainingJobsInput{NameContains: aws.String("B-1")}); sprint(some) != "[job-10 job-11]" {
		t.Errorf("by part of a name: %v", some)
	}
	first, err := s.ListTrainingJobs(s.ctx, &sagemaker.ListTrainingJobsInput{})
	if err != nil || len(first.TrainingJobSummaries) != 10 || first.NextToken == nil {
		t.Fatalf("default page: %d, %v", len(first.TrainingJobSummaries), err)
	}
	_, err = s.ListTrainingJobs(s.ctx, &sagemaker.ListTrainingJobsInput{NextToken: first.NextToken, StatusEquals: types.TrainingJobStatusFailed})
	wantError(t, err, "ValidationException", "Invalid pagination token.")
	_, err = s.ListTrainingJobs(s.ctx, &sagemaker.ListTrainingJobsInput{NextToken: aws.String("made up")})
	wantError(t, err, "ValidationException", "Invalid pagination token.")
	s.as("titanicml", "us-east-1")
	if other := names(&sagemaker.ListTrainingJobsInput{}); len(other) != 0 {
		t.Errorf("another region lists %v", other)
	}
}

func TestTags(t *testing.T) {
	s := newSuite(t)
	created, err := s.CreateModelPackageGroup(s.ctx, &sagemaker.CreateModelPackageGroupInput{
		ModelPackageGroupName: aws.String("tagged"), Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("dev")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := created.ModelPackageGroupArn
	if _, err := s.AddTags(s.ctx, &sagemaker.AddTagsInput{ResourceArn: arn, Tags: []types.Tag{
		{Key: aws.String("env"), Value: aws.String("prod")}, {Key: aws.String("empty"), Value: aws.String("")},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteTags(s.ctx, &sagemaker.DeleteTagsInput{ResourceArn: arn, TagKeys: []string{"empty", "absent"}}); err != nil {
		t.Fatal(err)
	}
	listed, err := s.ListTags(s.ctx, &sagemaker.ListTagsInput{ResourceArn: arn})
	if err != nil || len(listed.Tags) != 1 || *listed.Tags[0].Value != "prod" {
		t.Fatalf("got %v, %v", listed.Tags, err)
	}
	var many []types.Tag
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String(fmt.Sprint("k", i)), Value: aws.String("v")})
	}
	_, err = s.AddTags(s.ctx, &sagemaker.AddTagsInput{ResourceArn: arn, Tags: many})
	wantError(t, err, "ResourceLimitExceeded", "50 tags")
	_, err = s.ListTags(s.ctx, &sagemaker.ListTagsInput{ResourceArn: aws.String("arn:aws:sagemaker:eu-west-1:000000000000:endpoint/absent")})
	wantError(t, err, "ValidationException", "Could not find endpoint")
}
