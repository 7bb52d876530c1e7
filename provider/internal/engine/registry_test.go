package engine_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func inference(image, data string) *types.InferenceSpecification {
	container := types.ModelPackageContainerDefinition{Image: aws.String(image), Environment: map[string]string{"FLAVOUR": "package "}}
	if data != "" {
		container.ModelDataUrl = aws.String(data)
	}
	return &types.InferenceSpecification{
		Containers:            []types.ModelPackageContainerDefinition{container},
		SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"},
	}
}

func (s *suite) group(name string) string {
	s.t.Helper()
	out, err := s.CreateModelPackageGroup(s.ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.ModelPackageGroupArn
}

func (s *suite) version(group string, change ...func(*sagemaker.CreateModelPackageInput)) string {
	s.t.Helper()
	in := &sagemaker.CreateModelPackageInput{ModelPackageGroupName: &group, InferenceSpecification: inference("good", "")}
	for _, c := range change {
		c(in)
	}
	out, err := s.CreateModelPackage(s.ctx, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.ModelPackageArn
}

func TestPackageVersions(t *testing.T) {
	s := newSuite(t)
	groupARN := s.group("survival")
	first := s.version("survival")
	second := s.version(groupARN, func(in *sagemaker.CreateModelPackageInput) { in.ClientToken = aws.String("0123456789") })
	again := s.version("survival", func(in *sagemaker.CreateModelPackageInput) { in.ClientToken = aws.String("0123456789") })
	if second != again {
		t.Errorf("one client token made %s and %s", second, again)
	}
	out, err := s.DescribeModelPackage(s.ctx, &sagemaker.DescribeModelPackageInput{ModelPackageName: &first})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToInt32(out.ModelPackageVersion) != 1 || out.ModelApprovalStatus != types.ModelApprovalStatusPendingManualApproval ||
		out.ModelPackageStatus != types.ModelPackageStatusCompleted || out.ModelPackageStatusDetails == nil ||
		aws.ToString(out.CreatedBy.IamIdentity.Arn) != "arn:aws:iam::000000000000:user/titanicml" {
		t.Errorf("got %+v", out)
	}
	var listed []string
	pages := sagemaker.NewListModelPackagesPaginator(s.Client, &sagemaker.ListModelPackagesInput{ModelPackageGroupName: &groupARN, MaxResults: aws.Int32(1), SortOrder: types.SortOrderDescending})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, summary := range page.ModelPackageSummaryList {
			listed = append(listed, *summary.ModelPackageArn)
		}
	}
	if sprint(listed) != fmt.Sprintf("[%s %s]", second, first) {
		t.Errorf("listed %v", listed)
	}
	_, err = s.DeleteModelPackageGroup(s.ctx, &sagemaker.DeleteModelPackageGroupInput{ModelPackageGroupName: aws.String("survival")})
	wantError(t, err, "ConflictException", "still contains Model Packages")
	for _, arn := range []string{first, second} {
		if _, err := s.DeleteModelPackage(s.ctx, &sagemaker.DeleteModelPackageInput{ModelPackageName: &arn}); err != nil {
			t.Fatal(err)
		}
	}
	if third := s.version("survival"); third[len(third)-2:] != "/3" {
		t.Errorf("a version number was used again: %s", third)
	}
}

func TestUpdateOfAPackageMergesAndNamesItsAuthor(t *testing.T) {
	s := newSuite(t)
	s.group("survival")
	arn := s.version("survival", func(in *sagemaker.CreateModelPackageInput) {
		in.CustomerMetadataProperties = map[string]string{"run": "r1", "dropped": "x", "kept": "k"}
	})
	s.as("carmen", homeRegion)
	if _, err := s.UpdateModelPackage(s.ctx, &sagemaker.UpdateModelPackageInput{
		ModelPackageArn: &arn, ModelApprovalStatus: types.ModelApprovalStatusApproved, ApprovalDescription: aws.String("reviewed"),
		CustomerMetadataProperties: map[string]string{"run": "r2", "new": "n"}, CustomerMetadataPropertiesToRemove: []string{"dropped"},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeModelPackage(s.ctx, &sagemaker.DescribeModelPackageInput{ModelPackageName: &arn})
	if err != nil {
		t.Fatal(err)
	}
	if got := sprint(out.CustomerMetadataProperties); got != "map[kept:k new:n run:r2]" {
		t.Errorf("metadata %s", got)
	}
	if aws.ToString(out.LastModifiedBy.IamIdentity.Arn) != "arn:aws:iam::000000000000:user/carmen" || out.LastModifiedTime == nil ||
		aws.ToString(out.CreatedBy.IamIdentity.Arn) != "arn:aws:iam::000000000000:user/titanicml" {
		t.Errorf("created by %v, modified by %v", out.CreatedBy.IamIdentity, out.LastModifiedBy.IamIdentity)
	}
	if out.ModelApprovalStatus != types.ModelApprovalStatusApproved || aws.ToString(out.ApprovalDescription) != "reviewed" {
		t.Errorf("approval %s %q", out.ModelApprovalStatus, aws.ToString(out.ApprovalDescription))
	}
	if _, err := s.UpdateModelPackage(s.ctx, &sagemaker.UpdateModelPackageInput{ModelPackageArn: &arn, ModelApprovalStatus: types.ModelApprovalStatusRejected}); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[types.ModelApprovalStatus]int{types.ModelApprovalStatusApproved: 0, types.ModelApprovalStatusRejected: 1} {
		list, err := s.ListModelPackages(s.ctx, &sagemaker.ListModelPackagesInput{ModelPackageGroupName: aws.String("survival"), ModelApprovalStatus: status})
		if err != nil || len(list.ModelPackageSummaryList) != want {
			t.Errorf("%s: %v, %v, want %d", status, list.ModelPackageSummaryList, err, want)
		}
	}
}

func TestUnversionedPackagesAreListedApart(t *testing.T) {
	s := newSuite(t)
	s.group("survival")
	s.version("survival")
	if _, err := s.CreateModelPackage(s.ctx, &sagemaker.CreateModelPackageInput{ModelPackageName: aws.String("single"), InferenceSpecification: inference("good", "")}); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[types.ModelPackageType]int{"": 1, types.ModelPackageTypeUnversioned: 1, types.ModelPackageTypeVersioned: 1, types.ModelPackageTypeBoth: 2} {
		out, err := s.ListModelPackages(s.ctx, &sagemaker.ListModelPackagesInput{ModelPackageType: kind})
		if err != nil || len(out.ModelPackageSummaryList) != want {
			t.Errorf("type %q: %d, want %d, %v", kind, len(out.ModelPackageSummaryList), want, err)
		}
	}
	arn := aws.String("arn:aws:sagemaker:eu-west-1:000000000000:model-package/single")
	_, err := s.UpdateModelPackage(s.ctx, &sagemaker.UpdateModelPackageInput{ModelPackageArn: arn, ModelApprovalStatus: types.ModelApprovalStatusApproved})
	wantError(t, err, "ValidationException", "unversioned")
	_, err = s.CreateModelPackage(s.ctx, &sagemaker.CreateModelPackageInput{InferenceSpecification: inference("good", "")})
	wantError(t, err, "ValidationException", "Missing ARN.")
	batch, err := s.BatchDescribeModelPackage(s.ctx, &sagemaker.BatchDescribeModelPackageInput{ModelPackageArnList: []string{"arn:aws:sagemaker:eu-west-1:000000000000:model-package/survival/1", "arn:aws:sagemaker:eu-west-1:000000000000:model-package/survival/9"}})
	if err != nil || len(batch.ModelPackageSummaries) != 1 || len(batch.BatchDescribeModelPackageErrorMap) != 1 {
		t.Errorf("batch: %+v, %v", batch, err)
	}
}

func TestGroupPolicies(t *testing.T) {
	s := newSuite(t)
	s.group("survival")
	name := aws.String("survival")
	_, err := s.GetModelPackageGroupPolicy(s.ctx, &sagemaker.GetModelPackageGroupPolicyInput{ModelPackageGroupName: name})
	wantError(t, err, "ValidationException", "Cannot find resource policy")
	policy := `{"Version":"2012-10-17","Statement":[]}`
	if _, err := s.PutModelPackageGroupPolicy(s.ctx, &sagemaker.PutModelPackageGroupPolicyInput{ModelPackageGroupName: name, ResourcePolicy: &policy}); err != nil {
		t.Fatal(err)
	}
	out, err := s.GetModelPackageGroupPolicy(s.ctx, &sagemaker.GetModelPackageGroupPolicyInput{ModelPackageGroupName: name})
	if err != nil || *out.ResourcePolicy != policy {
		t.Fatalf("got %v, %v", out, err)
	}
	if _, err := s.DeleteModelPackageGroupPolicy(s.ctx, &sagemaker.DeleteModelPackageGroupPolicyInput{ModelPackageGroupName: name}); err != nil {
		t.Fatal(err)
	}
	_, err = s.GetModelPackageGroupPolicy(s.ctx, &sagemaker.GetModelPackageGroupPolicyInput{ModelPackageGroupName: name})
	wantError(t, err, "ValidationException", "Cannot find resource policy")
}
