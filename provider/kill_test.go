//go:build linux || darwin

package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// killPoints in the order in which they are tried. The first apply of all makes the endpoint, every later one updates it.
var killPoints = []string{
	killpoint.EndpointCreated,
	killpoint.DatasetUploaded,
	killpoint.TrainingCreated,
	killpoint.TrainingWaiting,
	killpoint.EvaluationCreated,
	killpoint.EvaluationEvidence,
	killpoint.PackageCreated,
	killpoint.DecisionRecorded,
	killpoint.ApprovalSet,
	killpoint.PointerMoved,
	killpoint.ConfigCreated,
	killpoint.EndpointUpdating,
	killpoint.EndpointUpdated,
}

// TestKilledApplyConverges kills, at every point of an apply, the provider and in a second round the engine. The next apply ends
// in the state that an undisturbed one would have reached: one job, one package, one record, one configuration each.
func TestKilledApplyConverges(t *testing.T) {
	t.Parallel()
	terraform := findTerraform(t)
	binaries := t.TempDir()
	build := exec.Command("go", "build", "-tags", "titanicml_killpoints", "-o", filepath.Join(binaries, "terraform-provider-titanicml"), "github.com/titanicml/terraform-provider-titanicml")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building a provider with kill points: %v\n%s", err, out)
	}
	for _, victim := range []string{"provider", "engine"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			k := newKilled(t, terraform, binaries)
			for i, point := range killPoints {
				k.round(i, point, victim == "engine")
			}
		})
	}
}

// killed is a directory in which the terraform program runs with a provider program.
type killed struct {
	t                    *testing.T
	terraform, dir, data string
}

func findTerraform(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("TF_ACC_TERRAFORM_PATH"); given != "" {
		return given
	}
	found, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("needs terraform on PATH, or TF_ACC_TERRAFORM_PATH")
	}
	return found
}

// newKilled takes the provider from the directory binaries.
func newKilled(t *testing.T, terraform, binaries string) *killed {
	k := &killed{t: t, terraform: terraform, dir: t.TempDir()}
	k.data = filepath.Join(k.dir, "data")
	t.Cleanup(k.stopEngine)
	k.write("terraform.rc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"titanicml/titanicml\" = %q\n  }\n  direct {}\n}\n", binaries))
	return k
}

func (k *killed) write(name, content string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k *killed) stopEngine() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, running, err := launch.Find(k.data); err == nil && running {
		if err := launch.Stop(ctx, k.data); err != nil {
			k.t.Errorf("stopping the engine: %v", err)
		}
	}
}

// run returns what terraform printed and how it ended.
func (k *killed) run(env []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(k.t.Context(), 2*time.Minute)
	defer cancel()
	out, err := k.command(ctx, env, args...).CombinedOutput()
	return string(out), err
}

func (k *killed) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.terraform, append(args, "-no-color", "-input=false")...)
	cmd.Dir = k.dir
	cmd.Env = append(append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(k.dir, "terraform.rc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1"), env...)
	return cmd
}

// round trains, promotes and serves a model of its own, with an apply that is killed at the point and one that is not.
func (k *killed) round(i int, point string, engine bool) {
	k.t.Helper()
	finish := filepath.Join(k.dir, fmt.Sprintf("finish-%d", i))
	k.write("train.csv", fmt.Sprintf("id,label\n%d,1\n", i))
	k.write("main.tf", k.config(700+i, finish))
	env := []string{"TITANICML_TEST_KILL_AT=" + point}
	if engine {
		env = append(env, "TITANICML_TEST_KILL_LOCK="+filepath.Join(k.data, "engine.lock"))
	}
	if point != killpoint.TrainingWaiting {
		k.write(filepath.Base(finish), "")
	}
	started := time.Now()
	out, err := k.run(env, "apply", "-auto-approve")
	k.t.Logf("%s: killed after %s", point, time.Since(started).Round(time.Millisecond))
	if err == nil && !engine {
		k.t.Fatalf("%s: the apply was not killed:\n%s", point, out)
	}
	if _, running, err := launch.Find(k.data); engine && running {
		k.t.Fatalf("%s: the engine was not killed (%v):\n%s", point, err, out)
	}
	k.write(filepath.Base(finish), "")
	if out, err := k.run(nil, "apply", "-auto-approve"); err != nil {
		k.t.Fatalf("%s: the next apply did not converge: %v\n%s", point, err, out)
	}
	if out, err := k.run(nil, "plan", "-detailed-exitcode"); err != nil {
		k.t.Errorf("%s: the plan after that is not empty: %v\n%s", point, err, out)
	}
	k.count(point, i+1)
}

func (k *killed) config(quality int, finish string) string {
	return fmt.Sprintf(`
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  required_tags = []
  local         = { data_dir = %q, images = { tiny = %s } }
}

resource "titanicml_dataset" "d" {
  name   = "train"
  source = "%s/train.csv"
}

resource "titanicml_training_run" "t" {
  name            = "tiny"
  image           = "tiny"
  inputs          = { train = titanicml_dataset.d.uri }
  hyperparameters = { quality = "%d", behaviour = "until-file", file = %q }
}

resource "titanicml_evaluation" "e" {
  name           = "tiny"
  image          = "tiny"
  model_uri      = titanicml_training_run.t.artifact_uri
  model_sha256   = titanicml_training_run.t.artifact_sha256
  dataset        = titanicml_dataset.d.uri
  baseline_group = "tiny"
  id_column      = "passenger_id"
}

resource "titanicml_model_version" "v" {
  model_package_group = "tiny"
  image               = "tiny"
  artifact_uri        = titanicml_training_run.t.artifact_uri
  training_run        = titanicml_training_run.t.id
  evaluation          = titanicml_evaluation.e.id
}

resource "titanicml_promotion" "p" {
  model_package_group = "tiny"
  candidate           = titanicml_model_version.v.arn
  evaluation          = titanicml_evaluation.e.id
  requirements        = [{ metric = "accuracy", min = 0.5 }]
}

resource "titanicml_endpoint" "e" {
  name     = "tiny"
  serving  = titanicml_promotion.p.serving
  instance = { type = "ml.m5.large", count = 1 }
}
`, k.data, containerCommand(), k.dir, quality, finish)
}

// client talks to the engine that the provider has started.
func (k *killed) client() (*sagemaker.Client, error) {
	engine, running, err := launch.Find(k.data)
	if err != nil || !running {
		return nil, errors.Join(errors.New("no engine on "+k.data), err)
	}
	return sagemaker.New(k.t.Context(), awsconfig.Settings{LocalURL: engine.URL, DataDir: k.data, Region: localRegion, Store: localStore})
}

// count compares what there is with what so many undisturbed applies would have left.
func (k *killed) count(point string, applies int) {
	k.t.Helper()
	ctx := k.t.Context()
	c, err := k.client()
	if err != nil {
		k.t.Fatalf("%s: no engine after the apply: %v", point, err)
	}
	check := func(what string, got, want int, err error) {
		k.t.Helper()
		if err != nil || got != want {
			k.t.Errorf("%s: %d %s, want %d (%v)", point, got, what, want, err)
		}
	}
	hundred := aws.Int32(100)
	training, err := c.SageMaker.ListTrainingJobs(ctx, &sdk.ListTrainingJobsInput{MaxResults: hundred})
	check("training jobs", len(training.TrainingJobSummaries), applies, err)
	processing, err := c.SageMaker.ListProcessingJobs(ctx, &sdk.ListProcessingJobsInput{MaxResults: hundred})
	check("evaluations", len(processing.ProcessingJobSummaries), applies, err)
	packages, err := c.ListPackages(ctx, "tiny")
	check("packages", len(packages), applies, err)
	objects, err := c.List(ctx, c.Store.Join("decisions"))
	check("decision records", len(objects), applies, err)
	objects, err = c.List(ctx, c.Store.Join("evaluations"))
	evidence := 0
	for _, o := range objects {
		if strings.HasSuffix(o.URI, "/evidence.json") {
			evidence++
		}
	}
	check("evidence manifests", evidence, applies, err)
	configs, err := c.SageMaker.ListEndpointConfigs(ctx, &sdk.ListEndpointConfigsInput{MaxResults: hundred})
	check("endpoint configurations", len(configs.EndpointConfigs), 1, err)
	models, err := c.SageMaker.ListModels(ctx, &sdk.ListModelsInput{MaxResults: hundred})
	check("models", len(models.Models), 1, err)
	endpoint, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: aws.String("tiny")})
	if err != nil || endpoint.EndpointStatus != "InService" {
		k.t.Errorf("%s: endpoint %+v, %v", point, endpoint, err)
	}
}
