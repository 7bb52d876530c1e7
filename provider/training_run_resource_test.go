package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

const trainingAddress = "titanicml_training_run.t"

// trainingConfig is a dataset and a run of it; hyperparameters and more are HCL.
func trainingConfig(hyperparameters, more string) string {
	return fmt.Sprintf(`
resource "titanicml_dataset" "d" {
  name   = "train"
  source = "${dir}/train.csv"
}

resource "titanicml_training_run" "t" {
  name            = "tiny"
  image           = "tiny"
  inputs          = { train = titanicml_dataset.d.uri }
  hyperparameters = { %s }
  metric_definitions = [
    { name = "accuracy", regex = "accuracy=([0-9.]+)" },
    { name = "auc", regex = "auc=([0-9.NanN]+)" },
  ]
  %s
}
`, hyperparameters, more)
}

func planned(action plancheck.ResourceActionType, address string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

func attribute(address, name, want string) resource.TestCheckFunc {
	return resource.TestCheckResourceAttr(address, name, want)
}

// jobs counts the jobs of a kind whose names start with prefix.
func (h *harness) jobs(kind sagemaker.Kind, prefix string) int {
	h.t.Helper()
	entries, err := os.ReadDir(filepath.Join(h.data, "jobs", localRegion, string(kind)))
	if err != nil && !os.IsNotExist(err) {
		h.t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			n++
		}
	}
	return n
}

func TestTrainingRunLifecycle(t *testing.T) {
	h := newHarness(t)
	h.run(
		resource.TestStep{
			Config: h.config(trainingConfig(`quality = "800"`, "")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("status"), knownvalue.StringExact("Completed")),
				statecheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("attempt"), knownvalue.Int64Exact(1)),
				// SageMaker keeps float32; the number printed is the number shown.
				statecheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("metrics").AtMapKey("auc"), knownvalue.Float64Exact(0.9123)),
				statecheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("artifact_sha256"), knownvalue.StringRegexp(sha256Hex)),
				statecheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("log_tail"), knownvalue.StringExact("accuracy=0.800; auc=0.9123;")),
			},
		},
		resource.TestStep{ // tags, limits and the name are no inputs
			Config:           h.config(strings.ReplaceAll(trainingConfig(`quality = "800"`, `max_runtime = "2h"`+"\n"+`tags = { owner = "me" }`), `"tiny"`+"\n  image", `"other"`+"\n  image")),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, trainingAddress),
			Check:            resource.ComposeTestCheckFunc(attribute(trainingAddress, "attempt", "1"), attribute(trainingAddress, "tags_all.owner", "me")),
		},
		resource.TestStep{
			Config:           h.config(trainingConfig(`quality = "900"`, "")),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, trainingAddress),
			Check:            attribute(trainingAddress, "metrics.accuracy", "0.9"),
		},
		resource.TestStep{ // the first inputs again: that job was released by the replacement
			Config:           h.config(trainingConfig(`quality = "800"`, "")),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, trainingAddress),
			Check:            attribute(trainingAddress, "attempt", "2"),
		},
		resource.TestStep{
			Taint:            []string{trainingAddress},
			Config:           h.config(trainingConfig(`quality = "800"`, "")),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, trainingAddress),
			Check:            attribute(trainingAddress, "attempt", "3"),
		},
		resource.TestStep{
			Config:           h.config(trainingConfig(`quality = "800"`, `triggers = { again = "1" }`)),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, trainingAddress),
			Check:            attribute(trainingAddress, "attempt", "1"),
		},
		resource.TestStep{ // deleted outside
			PreConfig: func() {
				c := h.client()
				entries, err := os.ReadDir(filepath.Join(h.data, "jobs", localRegion, "training"))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if err := c.DeleteTrainingJob(t.Context(), e.Name()); err != nil {
						t.Fatal(err)
					}
				}
			},
			Config:           h.config(trainingConfig(`quality = "800"`, "")),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate, trainingAddress),
		},
		resource.TestStep{
			ResourceName: trainingAddress, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"timeouts"},
		},
		resource.TestStep{ResourceName: trainingAddress, ImportState: true, ImportStateId: "not-there", ExpectError: says("Cannot import non-existent remote object")},
		resource.TestStep{Config: h.config(trainingConfig(`quality = "800"`, ""))},
	)
}

// TestTrainingRunImport takes over a job whose state is lost, with triggers, which SageMaker does not keep.
func TestTrainingRunImport(t *testing.T) {
	h := newHarness(t)
	config := h.config(trainingConfig(`quality = "800"`, `triggers = { week = "12" }`))
	forget := strings.Replace(config, `resource "titanicml_training_run"`, "removed {\n  from = "+trainingAddress+"\n  lifecycle {\n    destroy = false\n  }\n}\n#", 1)
	forget, _, _ = strings.Cut(forget, "#")
	job := ""
	steps := []resource.TestStep{
		{Config: config, Check: func(s *terraform.State) error {
			job = s.RootModule().Resources[trainingAddress].Primary.ID
			return nil
		}},
		{Config: forget},
		{ConfigFile: nil, Config: config + "\nimport {\n  to = " + trainingAddress + "\n  id = \"JOB\"\n}\n"},
	}
	h.run(steps[0], steps[1])
	if h.jobs(sagemaker.Training, "tiny-") != 1 {
		t.Fatal("expected one job")
	}
	steps[2].Config = strings.ReplaceAll(steps[2].Config, "JOB", job)
	steps[2].ConfigPlanChecks = planned(plancheck.ResourceActionUpdate, trainingAddress)
	h.run(steps[2])
	if n := h.jobs(sagemaker.Training, "tiny-"); n != 1 {
		t.Errorf("importing left %d jobs, want the one that was there", n)
	}
}

func TestTrainingRunFailure(t *testing.T) {
	h := newHarness(t)
	h.run(
		resource.TestStep{Config: h.config(trainingConfig(`behaviour = "exit1"`, "")), ExpectError: says(`train.csv line 7: got "x", expected a number`)},
		resource.TestStep{Config: h.config(trainingConfig(`behaviour = "exit1"`, "")), ExpectError: says("The end of its log: reading the data")},
		resource.TestStep{ // the failed attempts were kept in state, tainted, and never adopted
			Config:           h.config(trainingConfig(`behaviour = "exit1"`, "")),
			ExpectError:      says("stdout.log"),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, trainingAddress),
		},
		resource.TestStep{Config: h.config(trainingConfig(`quality = "800"`, "")), Check: attribute(trainingAddress, "status", "Completed")},
	)
	if n := h.jobs(sagemaker.Training, "tiny-"); n != 4 {
		t.Errorf("got %d jobs, want three failed attempts and one that succeeded", n)
	}
}

func TestTrainingRunOddMetrics(t *testing.T) {
	h := newHarness(t)
	h.run(resource.TestStep{
		Config: h.config(strings.Replace(trainingConfig(`behaviour = "nan", quality = "800"`, ""), `"auc=([0-9.NanN]+)"`, `"auc=(NaN)"`, 1)),
		ConfigStateChecks: []statecheck.StateCheck{
			// A metric without a number is missing, whether it was NaN or never printed; state stays sound.
			statecheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("metrics"), knownvalue.MapExact(map[string]knownvalue.Check{"accuracy": knownvalue.Float64Exact(0.8)})),
		},
	})
}

func TestTrainingRunRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"unknown image":     {strings.ReplaceAll(trainingConfig("", ""), `image           = "tiny"`, `image           = "unmapped"`), "unmapped"},
		"no input object":   {strings.ReplaceAll(trainingConfig("", ""), "titanicml_dataset.d.uri", `"s3://titanicml-local/nothing.csv"`), "s3://titanicml-local/nothing.csv"},
		"spot without wait": {trainingConfig("", "use_spot = true"), "expected at least max_runtime (1h0m0s), got"},
		"wait without spot": {trainingConfig("", `max_wait = "2h"`), "max_wait only means something with use_spot = true"},
		"bad duration":      {trainingConfig("", `max_runtime = "one hour"`), `expected a duration such as "90s", "30m" or "24h"`},
		"regex no group":    {strings.ReplaceAll(trainingConfig("", ""), "([0-9.]+)", "[0-9.]+"), "it has no group"},
		"long name":         {strings.ReplaceAll(trainingConfig("", ""), `name            = "tiny"`, `name            = "`+strings.Repeat("x", 60)+`"`), "must be at most 47"},
	} {
		t.Run(name, func(t *testing.T) {
			needs := []need{needObjects, needJobs}
			if name == "unknown image" || name == "no input object" {
				needs = append(needs, needContainers)
			}
			h := newHarness(t, needs...)
			h.run(resource.TestStep{Config: h.config(tc.config), ExpectError: says(tc.want)})
		})
	}
}

// TestTrainingRunInterrupted ends the wait for a running job: the job goes on, and the next apply adopts it whether it is still
// running or has completed meanwhile.
func TestTrainingRunInterrupted(t *testing.T) {
	for name, finishFirst := range map[string]bool{"still running": false, "completed meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			file := filepath.Join(h.dir, "finish")
			config := func(timeout string) string {
				return h.config(trainingConfig(`quality = "800", behaviour = "until-file", file = "${dir}/finish"`, `timeouts = { create = "`+timeout+`" }`))
			}
			finish := func() {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			h.run(
				resource.TestStep{Config: config("1s"), ExpectError: says("titanicml-local jobs stop --data-dir " + h.data + " --region eu-west-1 tiny-")},
				resource.TestStep{
					PreConfig: func() {
						if finishFirst {
							finish()
							h.waitJobs(sagemaker.JobCompleted)
							return
						}
						time.AfterFunc(300*time.Millisecond, finish)
					},
					Config: config("1m"),
					Check:  resource.ComposeTestCheckFunc(attribute(trainingAddress, "attempt", "1"), attribute(trainingAddress, "status", "Completed")),
				},
			)
			if n := h.jobs(sagemaker.Training, "tiny-"); n != 1 {
				t.Errorf("got %d jobs, want the one that was interrupted", n)
			}
		})
	}
}

// waitJobs waits until every training job has the status.
func (h *harness) waitJobs(status string) {
	h.t.Helper()
	c := h.client()
	entries, err := os.ReadDir(filepath.Join(h.data, "jobs", localRegion, "training"))
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	for _, e := range entries {
		err := c.Wait(ctx, func(ctx context.Context) (bool, error) {
			job, err := c.DescribeJob(ctx, sagemaker.Training, e.Name())
			return err == nil && job.Status == status, err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestTrainingRunOnDestroy(t *testing.T) {
	for how, want := range map[string]string{"retain": sagemaker.JobInProgress, "stop": sagemaker.JobStopped} {
		t.Run(how, func(t *testing.T) {
			h := newHarness(t)
			config := h.config(trainingConfig(`behaviour = "hang"`, fmt.Sprintf("on_destroy = %q\n timeouts = { create = \"1s\" }", how)))
			h.run(
				resource.TestStep{Config: config, ExpectError: says("did not end within the create timeout")},
				resource.TestStep{Config: h.config(""), Destroy: true, Check: func(*terraform.State) error { return nil }},
			)
			c := h.client()
			name := ""
			entries, err := os.ReadDir(filepath.Join(h.data, "jobs", localRegion, "training"))
			if err != nil || len(entries) != 1 {
				t.Fatal(entries, err)
			}
			name = entries[0].Name()
			job, err := c.DescribeJob(t.Context(), sagemaker.Training, name)
			if err != nil || job.Status != want {
				t.Errorf("after destroy with on_destroy = %q: %v, %v; want status %s", how, job, err, want)
			}
			if err := c.StopJob(t.Context(), sagemaker.Training, name); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("delete", func(t *testing.T) {
		h := newHarness(t)
		var uri, job string
		h.run(
			resource.TestStep{Config: h.config(trainingConfig(`quality = "800"`, `on_destroy = "delete"`)), Check: func(s *terraform.State) error {
				attrs := s.RootModule().Resources[trainingAddress].Primary.Attributes
				uri, job = attrs["artifact_uri"], attrs["job_name"]
				pointer := fmt.Sprintf(`{"schema":1,"artifact_uri":%q}`, uri)
				_, err := h.client().Put(t.Context(), "s3://titanicml-local/titanicml/champions/g.json", "application/json", []byte(pointer))
				return err
			}},
			resource.TestStep{Config: h.config(""), ExpectError: says("champion pointer s3://titanicml-local/titanicml/champions/g.json")},
			resource.TestStep{
				PreConfig: func() {
					if err := h.client().Remove(t.Context(), "s3://titanicml-local/titanicml/champions/g.json"); err != nil {
						t.Fatal(err)
					}
				},
				Config: h.config(""), Check: func(*terraform.State) error {
					c := h.client()
					if _, err := c.Head(t.Context(), uri); !sagemaker.IsNotFound(err) {
						return fmt.Errorf("artifact after destroy: %w", errors.Join(err, errors.New("expected not found")))
					}
					if _, err := c.DescribeJob(t.Context(), sagemaker.Training, job); !sagemaker.IsNotFound(err) {
						return fmt.Errorf("job after destroy: %w", errors.Join(err, errors.New("expected not found")))
					}
					return nil
				},
			},
		)
	})
}
