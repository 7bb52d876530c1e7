//go:build linux || darwin

package provider

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// TestCtrlC interrupts terraform apply, as a terminal does, while it waits for a training job and then for an evaluation. The jobs go
// on, the message says how to stop them, and the next apply adopts them.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	terraform := findTerraform(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binaries := t.TempDir()
	if err := os.Symlink(program, filepath.Join(binaries, providerProgram)); err != nil {
		t.Fatal(err)
	}
	k := newKilled(t, terraform, binaries)
	trained, scored := filepath.Join(k.dir, "trained"), filepath.Join(k.dir, "scored")
	k.write("train.csv", "id,label\n1,0\n2,1\n")
	k.write("main.tf", fmt.Sprintf(`
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
  hyperparameters = { quality = "800", behaviour = "until-file", file = %q }
}

resource "titanicml_evaluation" "e" {
  name        = "tiny"
  image       = "tiny"
  model_uri   = titanicml_training_run.t.artifact_uri
  dataset     = titanicml_dataset.d.uri
  environment = { CONTAINER_BEHAVIOUR = "until-file", CONTAINER_FILE = %q }
}
`, k.data, containerCommand(), k.dir, trained, scored))

	k.interrupt(sagemaker.Training, "Training run not completed")
	k.write(filepath.Base(trained), "")
	k.interrupt(sagemaker.Processing, "Evaluation not completed")
	k.write(filepath.Base(scored), "")
	if out, err := k.run(nil, "apply", "-auto-approve"); err != nil {
		t.Fatalf("the last apply: %v\n%s", err, out)
	}
	if out, err := k.run(nil, "plan", "-detailed-exitcode"); err != nil {
		t.Errorf("the plan after that is not empty: %v\n%s", err, out)
	}
	for _, kind := range []sagemaker.Kind{sagemaker.Training, sagemaker.Processing} {
		if jobs := k.jobs(kind); len(jobs) != 1 || jobs[0].Status != sagemaker.JobCompleted {
			t.Errorf("%d %s jobs, want one, Completed", len(jobs), kind)
		}
	}
}

// interrupt applies, and sends SIGINT to terraform and the provider when the one job of the kind runs.
func (k *killed) interrupt(kind sagemaker.Kind, summary string) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Minute)
	defer cancel()
	cmd := k.command(ctx, nil, "apply", "-auto-approve")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal signals the whole group
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	for jobs := k.jobs(kind); len(jobs) == 0 || jobs[0].Started.IsZero(); jobs = k.jobs(kind) {
		if ctx.Err() != nil {
			_ = cmd.Wait()
			k.t.Fatalf("no %s job ever ran:\n%s", kind, &out)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		k.t.Fatalf("the interrupted apply says that it succeeded:\n%s", &out)
	}
	jobs := k.jobs(kind)
	if len(jobs) != 1 || jobs[0].Status != sagemaker.JobInProgress {
		k.t.Fatalf("%d %s jobs, want one that goes on:\n%s", len(jobs), kind, &out)
	}
	want := saysAll(summary, "Interrupted while job "+jobs[0].Name+" runs. The job goes on and the next apply picks it up. To stop it:",
		"titanicml-local jobs stop --data-dir "+k.data+" --region eu-west-1 "+jobs[0].Name, "stdout.log", "its progress is in: "+filepath.Join(k.data, "progress"))
	if !want.MatchString(out.String()) {
		k.t.Errorf("the output does not match %s:\n%s", want, &out)
	}
}

// jobs describes all jobs of a kind; none while there is no engine.
func (k *killed) jobs(kind sagemaker.Kind) []*sagemaker.Job {
	k.t.Helper()
	c, err := k.client()
	if err != nil {
		return nil
	}
	ctx := k.t.Context()
	var names []string
	if kind == sagemaker.Training {
		list, err := c.SageMaker.ListTrainingJobs(ctx, &sdk.ListTrainingJobsInput{})
		if err != nil {
			k.t.Fatal(err)
		}
		for _, j := range list.TrainingJobSummaries {
			names = append(names, aws.ToString(j.TrainingJobName))
		}
	} else {
		list, err := c.SageMaker.ListProcessingJobs(ctx, &sdk.ListProcessingJobsInput{})
		if err != nil {
			k.t.Fatal(err)
		}
		for _, j := range list.ProcessingJobSummaries {
			names = append(names, aws.ToString(j.ProcessingJobName))
		}
	}
	var jobs []*sagemaker.Job
	for _, name := range names {
		job, err := c.DescribeJob(ctx, kind, name)
		if err != nil {
			k.t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	return jobs
}
