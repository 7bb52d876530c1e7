package provider

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/faults"
)

// TestApplyThroughFaults applies everything with engine = "sagemaker" through throttles, dropped connections and requests that arrive twice, and finds exactly what it should.
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
	f := &faults.Proxy{Target: func() (string, error) { return url, nil }}
	f.Begin(faults.Plan{Seed: 7, Throttle: 30, Drop: 5, Repeat: 2})
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
	counts := f.Counts()
	for _, what := range []string{faults.Throttled, faults.Dropped, faults.DroppedLate, faults.Repeated} {
		if counts[what] == 0 {
			t.Errorf("no request was %s: %v", what, counts)
		}
	}
	t.Logf("requests: %v", counts)
}
