package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
)

const (
	homeRegion = "eu-west-1"
	roleARN    = "arn:aws:iam::000000000000:role/titanicml-local"
	bucket     = "titanicml-local"
)

// suite is an engine under test with the real SDK pointed at it.
type suite struct {
	t       *testing.T
	ctx     context.Context
	engine  *engine.Engine // nil when it is another process
	url     string
	dataDir string
	*sagemaker.Client
	runtime *sagemakerruntime.Client
	s3      *s3.Client
	sts     *sts.Client
}

// behaviours are the images every engine of the tests knows.
var behaviours = []string{"good", "cluster", "gated", "hang", "deaf", "fail", "exit", "blocked", "sick"}

func options(dataDir string) engine.Options {
	images := map[string][]string{"ghost": {"/no/such/program"}}
	for _, name := range behaviours {
		images[name] = image(name)
	}
	o := engine.Options{DataDir: dataDir, Images: images}
	if os.Getenv("TITANICML_TEST_LOG") != "" {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return o
}

// newSuite starts an engine on a fresh directory.
func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{t: t, ctx: t.Context(), dataDir: t.TempDir()}
	s.open()
	if _, err := s.s3.CreateBucket(s.ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	s.put("data/train.csv", "a,b\n1,2\n3,4\n")
	return s
}

// open starts an engine on the suite's directory.
func (s *suite) open() {
	s.t.Helper()
	e, err := engine.Open(s.ctx, options(s.dataDir))
	if err != nil {
		s.t.Fatal(err)
	}
	s.engine, s.url = e, e.URL()
	s.t.Cleanup(func() { _ = e.Close() })
	s.as("titanicml", homeRegion)
}

// as points the clients at the engine with an identity and a region.
func (s *suite) as(accessKey, region string) {
	config := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(s.url),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, "local", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
	s.Client = sagemaker.NewFromConfig(config)
	s.runtime = sagemakerruntime.NewFromConfig(config)
	s.s3 = s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	s.sts = sts.NewFromConfig(config)
}

func (s *suite) put(key, body string) {
	s.t.Helper()
	_, err := s.s3.PutObject(s.ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		s.t.Fatal(err)
	}
}

func uri(key string) string { return "s3://" + bucket + "/" + key }

// training returns a valid CreateTrainingJob request that change may spoil.
func training(name, image string, change ...func(*sagemaker.CreateTrainingJobInput)) *sagemaker.CreateTrainingJobInput {
	in := &sagemaker.CreateTrainingJobInput{
		TrainingJobName: aws.String(name),
		RoleArn:         aws.String(roleARN),
		AlgorithmSpecification: &types.AlgorithmSpecification{
			TrainingImage: aws.String(image), TrainingInputMode: types.TrainingInputModeFile,
			MetricDefinitions: []types.MetricDefinition{
				{Name: aws.String("accuracy"), Regex: aws.String("accuracy=([0-9.]+)")},
				{Name: aws.String("loss"), Regex: aws.String("loss=(\\S+);")},
				{Name: aws.String("absent"), Regex: aws.String("absent=([0-9.]+)")},
			},
		},
		HyperParameters: map[string]string{"l2": "0.1"},
		InputDataConfig: []types.Channel{{
			ChannelName: aws.String("train"),
			DataSource:  &types.DataSource{S3DataSource: &types.S3DataSource{S3DataType: types.S3DataTypeS3Prefix, S3Uri: aws.String(uri("data/train.csv"))}},
		}},
		OutputDataConfig: &types.OutputDataConfig{S3OutputPath: aws.String(uri("runs"))},
		ResourceConfig: &types.ResourceConfig{
			InstanceType: types.TrainingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(5),
		},
		StoppingCondition: &types.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(60)},
	}
	for _, c := range change {
		c(in)
	}
	return in
}

// trained creates a training job and waits with the SDK's own waiter.
func (s *suite) trained(in *sagemaker.CreateTrainingJobInput) *sagemaker.DescribeTrainingJobOutput {
	s.t.Helper()
	if _, err := s.CreateTrainingJob(s.ctx, in); err != nil {
		s.t.Fatal(err)
	}
	return s.ended(*in.TrainingJobName)
}

func (s *suite) ended(name string) *sagemaker.DescribeTrainingJobOutput {
	s.t.Helper()
	waiter := sagemaker.NewTrainingJobCompletedOrStoppedWaiter(s.Client, func(o *sagemaker.TrainingJobCompletedOrStoppedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	// A failed job is an error of the waiter and a fine answer here.
	_ = waiter.Wait(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: &name}, 30*time.Second)
	out, err := s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	if out.TrainingJobStatus == types.TrainingJobStatusInProgress || out.TrainingJobStatus == types.TrainingJobStatusStopping {
		s.t.Fatalf("job %s is still %s", name, out.TrainingJobStatus)
	}
	return out
}

// wantError fails unless err is a service error with this code and a message that
// holds this text.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var service smithy.APIError
	if !errors.As(err, &service) {
		t.Fatalf("got error %v, want %s: %s", err, code, text)
	}
	if service.ErrorCode() != code || !strings.Contains(service.ErrorMessage(), text) {
		t.Fatalf("got  %s: %s\nwant %s: %s", service.ErrorCode(), service.ErrorMessage(), code, text)
	}
}

// eventually polls a condition that another process brings about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20s in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
