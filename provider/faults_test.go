package provider

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// faults stands between a client and an engine and does what networks and busy services do: of 100 requests it refuses 30 for
// their rate, drops the connection of 5 (before or after the service has acted), and delivers 2 twice.
type faults struct {
	target string

	mu     sync.Mutex
	random *rand.Rand
	counts map[string]int
}

func (f *faults) draw() (what string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n = f.random.IntN(100)
	switch {
	case n < 30:
		what = "throttled"
	case n < 35:
		what = "dropped"
	case n < 37:
		what = "repeated"
	default:
		what = "passed"
	}
	f.counts[what]++
	return what, n
}

func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	what, n := f.draw()
	switch what {
	case "throttled":
		if r.Header.Get("X-Amz-Target") == "" && !strings.Contains(string(body), "GetCallerIdentity") && !strings.HasPrefix(r.URL.Path, "/endpoints/") {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", "ThrottlingException")
		w.WriteHeader(http.StatusBadRequest)
		if strings.Contains(string(body), "GetCallerIdentity") {
			fmt.Fprint(w, `<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprint(w, `{"__type":"ThrottlingException","message":"Rate exceeded"}`)
		return
	case "dropped":
		if n%2 == 0 {
			f.forward(nil, r, body)
		}
		panic(http.ErrAbortHandler)
	case "repeated":
		f.forward(nil, r, body)
	}
	f.forward(w, r, body)
}

// forward delivers the request, and its answer to w unless that is nil.
func (f *faults) forward(w http.ResponseWriter, r *http.Request, body []byte) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, f.target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	out.ContentLength = int64(len(body))
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	if w == nil {
		_, _ = io.Copy(io.Discard, resp.Body) // the client never sees this answer
		return
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // a client that has gone is its own fault
}

// TestApplyThroughFaults applies everything with engine = "sagemaker" through the faults, and finds exactly what it should.
func TestApplyThroughFaults(t *testing.T) {
	h := newHarness(t)
	c := h.client()
	if err := c.EnsureBucket(t.Context(), c.Store.Bucket); err != nil {
		t.Fatal(err)
	}
	url, err := h.start(t.Context(), h.data, tinyImages())
	if err != nil {
		t.Fatal(err)
	}
	f := &faults{target: url, random: rand.New(rand.NewPCG(7, 7)), counts: map[string]int{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	provider := fmt.Sprintf(`
provider "titanicml" {
  engine            = "sagemaker"
  environment       = "prod"
  region            = "eu-west-1"
  access_key        = "titanicml"
  secret_key        = "local"
  s3_use_path_style = true
  store             = %q
  required_tags     = []
  endpoints         = { sagemaker = %[2]q, sagemaker_runtime = %[2]q, s3 = %[2]q, sts = %[2]q }
}
`, localStore, server.URL)
	body := strings.ReplaceAll(versionConfig(800, ""), `image           = "tiny"`, `image           = "tiny"`+"\n  role_arn = \"arn:aws:iam::000000000000:role/ml\"")
	body = strings.ReplaceAll(body, `  image        = "tiny"`, `  image        = "tiny"`+"\n  role_arn = \"arn:aws:iam::000000000000:role/ml\"")
	body += `
resource "titanicml_promotion" "p" {
  model_package_group = "tiny"
  candidate           = titanicml_model_version.v.arn
  evaluation          = titanicml_evaluation.e.id
  requirements        = [{ metric = "accuracy", min = 0.5 }]
}

resource "titanicml_endpoint" "e" {
  name     = "tiny"
  serving  = titanicml_promotion.p.serving
  role_arn = "arn:aws:iam::000000000000:role/ml"
  instance = { type = "ml.m5.large", count = 1 }
}
`
	h.run(resource.TestStep{
		Config: provider + strings.ReplaceAll(body, "${dir}", h.dir),
		Check: func(*terraform.State) error {
			ctx := t.Context()
			training, err := c.SageMaker.ListTrainingJobs(ctx, &sdk.ListTrainingJobsInput{})
			if err != nil || len(training.TrainingJobSummaries) != 1 {
				t.Errorf("training jobs %v, %v; want one", training.TrainingJobSummaries, err)
			}
			processing, err := c.SageMaker.ListProcessingJobs(ctx, &sdk.ListProcessingJobsInput{})
			if err != nil || len(processing.ProcessingJobSummaries) != 1 {
				t.Errorf("processing jobs %v, %v; want one", processing.ProcessingJobSummaries, err)
			}
			packages, err := c.ListPackages(ctx, "tiny")
			if err != nil || len(packages) != 1 {
				t.Errorf("packages %v, %v; want one", packages, err)
			}
			records, err := c.List(ctx, c.Store.Join("decisions"))
			if err != nil || len(records) != 1 {
				t.Errorf("records %v, %v; want one", records, err)
			}
			configs, err := c.SageMaker.ListEndpointConfigs(ctx, &sdk.ListEndpointConfigsInput{MaxResults: aws.Int32(100)})
			if err != nil || len(configs.EndpointConfigs) != 1 {
				t.Errorf("endpoint configurations %v, %v; want one", configs.EndpointConfigs, err)
			}
			return nil
		},
	})
	for _, what := range []string{"throttled", "dropped", "repeated"} {
		if f.counts[what] == 0 {
			t.Errorf("no request was %s: %v", what, f.counts)
		}
	}
	t.Logf("requests: %v", f.counts)
}
