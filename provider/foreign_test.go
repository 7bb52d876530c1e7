package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// With testEndpoint set, the acceptance tests run with engine = "sagemaker" against the SageMaker, S3 and STS that answer at that URL.
// Each test says what it needs of them; what an endpoint lacks skips the test, with what was missing. testReset is a shell command that
// empties the endpoint: tests expect to be alone.
const (
	testEndpoint = "TITANICML_TEST_ENDPOINT"
	testReset    = "TITANICML_TEST_RESET"
)

// need is something that an endpoint has to be able to do; the probe's error says what it does instead.
type need struct {
	name  string
	probe func(context.Context, *foreign) error
}

var (
	needObjects      = need{"conditional writes of S3", probeObjects}
	needVersions     = need{"model packages", probeVersions}
	needApproval     = need{"approvals that leave the metadata of a model package", probeApproval}
	needDeletion     = need{"deletion of model packages", probeDeletion}
	needIdentity     = need{"who changed a model package", probeIdentity}
	needJobs         = need{"training and processing jobs", probeJobs}
	needDescriptions = need{"whole descriptions of processing jobs", probeDescriptions}
	needContainers   = need{"containers", probeContainers}
	needEndpoints    = need{"endpoints", probeEndpoints}
	needUpdates      = need{"updates of endpoints", probeUpdates}
)

// foreign is an endpoint that is not the embedded engine.
type foreign struct{ url, bucket string }

// runsContainers says whether jobs of the endpoint leave what their containers write; known after needJobs was probed.
var runsContainers bool

// foreignEndpoint is nil where the tests use the embedded engine.
func foreignEndpoint() *foreign {
	url := os.Getenv(testEndpoint)
	if url == "" {
		return nil
	}
	return &foreign{url: url, bucket: fmt.Sprintf("titanicml-acceptance-%d", os.Getpid())}
}

func credential(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

func (f *foreign) region() string { return credential("AWS_REGION", localRegion) }
func (f *foreign) accessKey() string {
	return credential("AWS_ACCESS_KEY_ID", awsconfig.LocalAccessKey)
}
func (f *foreign) secretKey() string {
	return credential("AWS_SECRET_ACCESS_KEY", awsconfig.LocalSecretKey)
}

func (f *foreign) store() string { return "s3://" + f.bucket + "/titanicml" }

func (f *foreign) client(ctx context.Context, accessKey string) (*sagemaker.Client, error) {
	return sagemaker.New(ctx, awsconfig.Settings{Region: f.region(), AccessKey: accessKey, SecretKey: f.secretKey(), Token: os.Getenv("AWS_SESSION_TOKEN"),
		Store: f.store(), PathStyle: true, MaxRetries: 3, Endpoints: awsconfig.Endpoints{SageMaker: f.url, Runtime: f.url, S3: f.url, STS: f.url}})
}

// providerBlock points a configuration at the endpoint.
func (f *foreign) providerBlock(more string) string {
	return fmt.Sprintf(`
provider "titanicml" {
  engine            = "sagemaker"
  region            = %q
  access_key        = %q
  secret_key        = %q
  store             = %q
  max_retries       = 3
  s3_use_path_style = true
  endpoints         = { sagemaker = %[5]q, sagemaker_runtime = %[5]q, s3 = %[5]q, sts = %[5]q }
  default_tags      = { project = "titanic", env = "dev", owner = "team", managed_by = "terraform", cost_center = "ml" }
  %[6]s
}
`, f.region(), f.accessKey(), f.secretKey(), f.store(), f.url, more)
}

// one serialises the tests of a foreign endpoint, which is shared.
var one sync.Mutex

var probed = map[string]error{}

// begin empties the endpoint and skips the test unless the endpoint can do all that it needs.
func (f *foreign) begin(t testing.TB, needs []need) {
	t.Helper()
	if len(needs) == 0 {
		t.Skipf("%s is set, and this test looks at the embedded engine itself: its process, data directory, clock or containers", testEndpoint)
	}
	one.Lock()
	t.Cleanup(one.Unlock)
	if slices.ContainsFunc(needs, func(n need) bool { _, known := probed[n.name]; return !known }) {
		f.empty(t)
	}
	for _, n := range needs {
		f.require(t, n)
	}
	f.empty(t)
	if slices.ContainsFunc(needs, func(n need) bool { return n.name == needJobs.name }) && !runsContainers {
		server, err := newHands(f, f.url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Close)
		f.url = server.URL
	}
}

// role is the execution role that engine = "sagemaker" needs for containers.
func (f *foreign) role() string {
	return credential("TITANICML_TEST_ROLE", "arn:aws:iam::123456789012:role/titanicml-acceptance")
}

var needsRole = regexp.MustCompile(`(?m)^(resource "titanicml_(?:training_run|evaluation|endpoint)" "[^"]*" \{)$`)

// roles gives the resources that need one the role.
func (f *foreign) roles(config string) string {
	return needsRole.ReplaceAllString(config, fmt.Sprintf("$1\n  role_arn = %q", f.role()))
}

// require leaves what is there alone: a test may find out on its way what it needs.
func (f *foreign) require(t testing.TB, n need) {
	t.Helper()
	err, known := probed[n.name]
	if !known {
		err = n.probe(t.Context(), f)
		probed[n.name] = err
	}
	if err != nil {
		t.Skipf("%s lacks %s: %v", f.url, n.name, err)
	}
}

func (f *foreign) empty(t testing.TB) {
	t.Helper()
	if command := os.Getenv(testReset); command != "" {
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", testReset, err, out)
		}
	}
	c, err := f.client(t.Context(), f.accessKey())
	if err != nil {
		t.Fatalf("connecting to %s: %v", f.url, err)
	}
	_, err = c.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &f.bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(f.region())}})
	if err != nil && !sagemaker.IsAlreadyExists(err) {
		t.Fatalf("making bucket %s at %s: %v", f.bucket, f.url, err)
	}
	group := survival
	out, err := c.SageMaker.ListModelPackages(t.Context(), &sdk.ListModelPackagesInput{ModelPackageGroupName: &group})
	if err == nil && len(out.ModelPackageSummaryList) > 0 {
		t.Skipf("%s has versions of %s already, and tests count from 1; give a command in %s that empties it", f.url, group, testReset)
	}
}

func probeObjects(ctx context.Context, f *foreign) error {
	c, err := f.client(ctx, f.accessKey())
	if err != nil {
		return err
	}
	key := aws.String("titanicml/probe")
	put := func(body string, ifMatch, ifNoneMatch *string) (*s3.PutObjectOutput, error) {
		return c.S3.PutObject(ctx, &s3.PutObjectInput{Bucket: &f.bucket, Key: key, Body: bytes.NewReader([]byte(body)), IfMatch: ifMatch, IfNoneMatch: ifNoneMatch})
	}
	first, err := put("one", nil, aws.String("*"))
	if err != nil {
		return fmt.Errorf("a new object with If-None-Match: %w", err)
	}
	if _, err := put("two", nil, aws.String("*")); !sagemaker.IsPreconditionFailed(err) {
		return fmt.Errorf("an object was overwritten in spite of If-None-Match (%w)", orNothing(err))
	}
	if _, err := put("two", first.ETag, nil); err != nil {
		return fmt.Errorf("overwriting with the right If-Match: %w", err)
	}
	if _, err := put("three", first.ETag, nil); !sagemaker.IsPreconditionFailed(err) {
		return fmt.Errorf("an object was overwritten in spite of If-Match (%w)", orNothing(err))
	}
	return nil
}

var errNothing = errors.New("no error")

func orNothing(err error) error {
	if err == nil {
		return errNothing
	}
	return err
}

// probeVersions registers a version as the provider does, and reads all of it back.
func probeVersions(ctx context.Context, f *foreign) error {
	c, arn, err := registerProbe(ctx, f)
	if err != nil {
		return err
	}
	if err := metadataKept(ctx, c, arn); err != nil {
		return err
	}
	group, _, err := sagemaker.ParsePackageARN(arn)
	if err != nil {
		return err
	}
	found, err := c.ListPackages(ctx, group)
	if err != nil {
		return fmt.Errorf("listing the versions of a group: %w", err)
	}
	if len(found) != 1 {
		return fmt.Errorf("a group of one version lists %d", len(found))
	}
	return nil
}

func metadataKept(ctx context.Context, c *sagemaker.Client, arn string) error {
	p, err := c.DescribePackage(ctx, arn)
	if err != nil {
		return fmt.Errorf("describing a version: %w", err)
	}
	if got := p.Metadata[sagemaker.MetaArtifactSHA256]; got != digest("probe") {
		return fmt.Errorf("customer metadata %s is %q, registered was %q", sagemaker.MetaArtifactSHA256, got, digest("probe"))
	}
	return nil
}

func probeApproval(ctx context.Context, f *foreign) error {
	c, arn, err := registerProbe(ctx, f)
	if err != nil {
		return err
	}
	if err := c.SetApproval(ctx, arn, sdktypes.ModelApprovalStatusApproved, "probe"); err != nil {
		return fmt.Errorf("UpdateModelPackage: %w", err)
	}
	p, err := c.DescribePackage(ctx, arn)
	if err != nil {
		return err
	}
	if p.Approval != sdktypes.ModelApprovalStatusApproved {
		return fmt.Errorf("an approved version is described as %q", p.Approval)
	}
	if err := metadataKept(ctx, c, arn); err != nil {
		return fmt.Errorf("after UpdateModelPackage of the approval alone, %w", err)
	}
	return nil
}

func probeDeletion(ctx context.Context, f *foreign) error {
	c, arn, err := registerProbe(ctx, f)
	if err != nil {
		return err
	}
	_, err = c.SageMaker.DeleteModelPackage(ctx, &sdk.DeleteModelPackageInput{ModelPackageName: &arn})
	return brief(err)
}

// brief keeps an error to one line: some endpoints answer with a page.
func brief(err error) error {
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(text)
}

func registerProbe(ctx context.Context, f *foreign) (*sagemaker.Client, string, error) {
	c, err := f.client(ctx, f.accessKey())
	if err != nil {
		return nil, "", err
	}
	group := fmt.Sprintf("titanicml-probe-%d", time.Now().UnixNano())
	if _, _, err := c.EnsureGroup(ctx, group, "", nil); err != nil {
		return nil, "", err
	}
	out, err := c.SageMaker.CreateModelPackage(ctx, &sdk.CreateModelPackageInput{ModelPackageGroupName: &group,
		ModelApprovalStatus: sdktypes.ModelApprovalStatusPendingManualApproval,
		InferenceSpecification: &sdktypes.InferenceSpecification{
			Containers:            []sdktypes.ModelPackageContainerDefinition{{Image: aws.String("tiny"), ModelDataUrl: aws.String(c.Store.Join("probe").URI())}},
			SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"},
		},
		CustomerMetadataProperties: map[string]string{sagemaker.MetaArtifactSHA256: digest("probe")}})
	if err != nil {
		return nil, "", fmt.Errorf("registering a version: %w", err)
	}
	return c, aws.ToString(out.ModelPackageArn), nil
}

func probeIdentity(ctx context.Context, f *foreign) error {
	c, arn, err := registerProbe(ctx, f)
	if err != nil {
		return err
	}
	other, err := f.client(ctx, "somebody")
	if err != nil {
		return fmt.Errorf("signing as somebody else: %w", err)
	}
	if err := other.SetApproval(ctx, arn, sdktypes.ModelApprovalStatusApproved, "probe"); err != nil {
		return err
	}
	p, err := c.DescribePackage(ctx, arn)
	if err != nil {
		return err
	}
	if p.ModifiedBy == nil || p.CreatedBy == nil || p.ModifiedBy.IamIdentity == nil || p.CreatedBy.IamIdentity == nil {
		return errors.New("CreatedBy or LastModifiedBy of a version has no IAM identity")
	}
	if a, b := aws.ToString(p.CreatedBy.IamIdentity.Arn), aws.ToString(p.ModifiedBy.IamIdentity.Arn); a == b {
		return fmt.Errorf("two access keys are the same person, %s", a)
	}
	return nil
}
