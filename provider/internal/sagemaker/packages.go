package sagemaker

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// Keys of a package version's customer metadata, which carry its lineage. Values are at most 256 characters.
const (
	MetaArtifactSHA256    = "titanicml_artifact_sha256"
	MetaRun               = "titanicml_run"
	MetaRunARN            = "titanicml_run_arn"
	MetaDatasetSHA256     = "titanicml_dataset_sha256"
	MetaEvaluation        = "titanicml_evaluation"
	MetaEvaluationSHA256  = "titanicml_evaluation_sha256"
	MetaPredictionsSHA256 = "titanicml_predictions_sha256"
	MetaInputHash         = "titanicml_input_hash"
)

// Package is a model package version as SageMaker describes it, with the fields this project reads pulled out.
type Package struct {
	ARN, Group  string
	Version     int
	Image       string
	ArtifactURI string
	// Approval is PendingManualApproval, Approved or Rejected.
	Approval types.ModelApprovalStatus
	Metadata map[string]string
	// CreatedBy and ModifiedBy are the identities SageMaker recorded; nil when it recorded none.
	CreatedBy, ModifiedBy *types.UserContext
	// Raw is the whole answer.
	Raw *sdk.DescribeModelPackageOutput
}

var packageARN = regexp.MustCompile(`^arn:[a-z-]+:sagemaker:[a-z0-9-]+:[0-9]{12}:model-package/([^/]+)/([0-9]+)$`)

// ParsePackageARN takes the group and version out of a versioned model package ARN.
func ParsePackageARN(arn string) (group string, version int, err error) {
	m := packageARN.FindStringSubmatch(arn)
	if m == nil {
		return "", 0, fmt.Errorf("%q is not the ARN of a model package version: expected arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION", arn)
	}
	version, err = strconv.Atoi(m[2])
	if err != nil {
		return "", 0, fmt.Errorf("reading the version in %q: %w", arn, err)
	}
	return m[1], version, nil
}

// DescribePackage reads one version. A missing one satisfies IsNotFound.
func (c *Client) DescribePackage(ctx context.Context, arn string) (*Package, error) {
	out, err := c.SageMaker.DescribeModelPackage(ctx, &sdk.DescribeModelPackageInput{ModelPackageName: &arn})
	if err != nil {
		return nil, fmt.Errorf("describing model package %s: %w", arn, err)
	}
	p := &Package{
		ARN: aws.ToString(out.ModelPackageArn), Group: aws.ToString(out.ModelPackageGroupName), Version: int(aws.ToInt32(out.ModelPackageVersion)),
		Approval: out.ModelApprovalStatus, Metadata: out.CustomerMetadataProperties,
		CreatedBy: out.CreatedBy, ModifiedBy: out.LastModifiedBy, Raw: out,
	}
	if s := out.InferenceSpecification; s != nil && len(s.Containers) > 0 {
		p.Image, p.ArtifactURI = aws.ToString(s.Containers[0].Image), aws.ToString(s.Containers[0].ModelDataUrl)
	}
	return p, nil
}

// SetApproval sets a version's approval status with a description; it is idempotent. Status and description are all it changes.
func (c *Client) SetApproval(ctx context.Context, arn string, status types.ModelApprovalStatus, description string) error {
	in := &sdk.UpdateModelPackageInput{ModelPackageArn: &arn, ModelApprovalStatus: status, ApprovalDescription: optional(description)}
	if _, err := c.SageMaker.UpdateModelPackage(ctx, in); err != nil {
		return fmt.Errorf("setting the approval of %s to %s: %w", arn, status, err)
	}
	return nil
}

// ListPackages lists a group's versions, newest first. A missing group has none.
func (c *Client) ListPackages(ctx context.Context, group string) ([]types.ModelPackageSummary, error) {
	var found []types.ModelPackageSummary
	pages := sdk.NewListModelPackagesPaginator(c.SageMaker, &sdk.ListModelPackagesInput{
		ModelPackageGroupName: &group, SortBy: types.ModelPackageSortByCreationTime, SortOrder: types.SortOrderDescending, MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing the versions of %s: %w", group, err)
		}
		found = append(found, page.ModelPackageSummaryList...)
	}
	return found, nil
}

// FindPackage returns the newest version of group whose metadata holds the given value under key, or nil.
func (c *Client) FindPackage(ctx context.Context, group, key, value string) (*Package, error) {
	versions, err := c.ListPackages(ctx, group)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		p, err := c.DescribePackage(ctx, aws.ToString(v.ModelPackageArn))
		if IsNotFound(err) {
			continue // deleted between the two calls
		}
		if err != nil {
			return nil, err
		}
		if p.Metadata[key] == value {
			return p, nil
		}
	}
	return nil, nil
}

// CreatePackage registers a version and waits until it is described. The request's token comes from hash, so that a create whose answer
// was lost makes no second version. A service remembers the token of a version that was deleted since, and answers with
// its ARN; then the next token is tried.
func (c *Client) CreatePackage(ctx context.Context, in *sdk.CreateModelPackageInput, hash string) (*Package, error) {
	const tokens, looks = 4, 8
	for n := range tokens {
		in.ClientToken = aws.String(fmt.Sprintf("%s-%d", hash[:32], n))
		out, err := c.SageMaker.CreateModelPackage(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("registering a version in %s: %w", aws.ToString(in.ModelPackageGroupName), err)
		}
		var found *Package
		missed := 0
		err = c.Wait(ctx, func(ctx context.Context) (bool, error) {
			var err error
			found, err = c.DescribePackage(ctx, aws.ToString(out.ModelPackageArn))
			if IsNotFound(err) {
				missed++
				return missed == looks, nil
			}
			return err == nil && found.Raw.ModelPackageStatus != types.ModelPackageStatusPending && found.Raw.ModelPackageStatus != types.ModelPackageStatusInProgress, err
		})
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, fmt.Errorf("registering a version in %s: the service goes on answering with versions that were deleted", aws.ToString(in.ModelPackageGroupName))
}

// EnsureGroup returns the ARN of a package group, creating it with tags when it is missing. Tags of an existing group are left alone.
func (c *Client) EnsureGroup(ctx context.Context, name, description string, tags map[string]string) (arn string, created bool, err error) {
	out, err := c.SageMaker.DescribeModelPackageGroup(ctx, &sdk.DescribeModelPackageGroupInput{ModelPackageGroupName: &name})
	if err == nil {
		return aws.ToString(out.ModelPackageGroupArn), false, nil
	}
	if !IsNotFound(err) {
		return "", false, fmt.Errorf("describing model package group %s: %w", name, err)
	}
	made, err := c.SageMaker.CreateModelPackageGroup(ctx, &sdk.CreateModelPackageGroupInput{
		ModelPackageGroupName: &name, ModelPackageGroupDescription: optional(description), Tags: Tags(tags)})
	if IsAlreadyExists(err) {
		out, err := c.SageMaker.DescribeModelPackageGroup(ctx, &sdk.DescribeModelPackageGroupInput{ModelPackageGroupName: &name})
		if err != nil {
			return "", false, fmt.Errorf("describing model package group %s: %w", name, err)
		}
		return aws.ToString(out.ModelPackageGroupArn), false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("creating model package group %s: %w", name, err)
	}
	return aws.ToString(made.ModelPackageGroupArn), true, nil
}

// SHA256Digest is the form in which SageMaker's ContentDigest fields take a hex digest.
func SHA256Digest(hex string) string { return "sha256:" + hex }

// TrimDigest is the inverse of SHA256Digest.
func TrimDigest(digest string) string {
	if i := strings.IndexByte(digest, ':'); i >= 0 {
		return strings.ToLower(digest[i+1:])
	}
	return strings.ToLower(digest)
}
