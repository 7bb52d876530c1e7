package sagemaker

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
)

func TestLastLines(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		cut        bool
		want       string
	}{
		{"few", "a\nb\n", false, "a\nb"},
		{"many", "a\nb\nc\nd\n", false, "c\nd"},
		{"cut inside a line", "rtial\nb\n", true, "b"},
		{"not UTF-8", "a\xff\x00b\n", false, "a\uFFFD\uFFFDb"},
	} {
		if got := lastLines([]byte(tc.body), tc.cut, 2); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestLogTailFromCloudWatch asks a stand-in for CloudWatch, which answers for one job only.
func TestLogTailFromCloudWatch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch target := r.Header.Get("X-Amz-Target"); {
		case strings.HasSuffix(target, ".DescribeLogStreams") && strings.Contains(string(body), `"logStreamNamePrefix":"job-1/"`) && strings.Contains(string(body), "/aws/sagemaker/TrainingJobs"):
			fmt.Fprint(w, `{"logStreams":[{"logStreamName":"job-1/algo-1-1"}]}`)
		case strings.HasSuffix(target, ".GetLogEvents") && strings.Contains(string(body), "job-1/algo-1-1"):
			fmt.Fprint(w, `{"events":[{"message":"first"},{"message":"second\n"}]}`)
		default:
			fmt.Fprint(w, `{"logStreams":[]}`)
		}
	}))
	t.Cleanup(server.Close)
	cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	c := &Client{logs: cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = &server.URL })}
	for job, want := range map[string]string{"job-1": "first\nsecond", "job-2": ""} {
		if got, err := c.LogTail(t.Context(), &Job{Kind: Training, Name: job}, 20); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", job, got, err, want)
		}
	}
}

// TestSecretsAreMasked looks for what a job was given under a name that says secret.
func TestSecretsAreMasked(t *testing.T) {
	job := &Job{
		Training: &sdk.DescribeTrainingJobOutput{
			Environment:     map[string]string{"API_KEY": "sesame", "DB_PASSWORD": "sesame-open-9", "THREADS": "threads", "HF_TOKEN": "hf_123456", "AUTH_TOKEN_LIMIT": "limit-7"},
			HyperParameters: map[string]string{"secret": "short", "client_secret": "sesame"},
		},
		Processing: &sdk.DescribeProcessingJobOutput{Environment: map[string]string{"aws_secret_access_key": "wJalrXUtn"}},
	}
	const said = "sesame sesame-open-9 threads hf_123456 limit-7 short wJalrXUtn"
	const want = "<API_KEY> <DB_PASSWORD> threads <HF_TOKEN> limit-7 short <aws_secret_access_key>"
	for range 20 { // maps have no order
		if got := job.mask(said); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
	if got := (&Job{}).mask(said); got != said {
		t.Errorf("a job that was given nothing: %s", got)
	}
}
