package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// measurePlan times a plan over 200 training runs that are in state beside one over 200 terraform_data.
func measurePlan(ctx context.Context, s settings) ([]figure, error) {
	dataDir := filepath.Join(s.work, "plan-engine")
	defer launch.Stop(context.WithoutCancel(ctx), dataDir)

	runs, err := s.module("runs", fmt.Sprintf(`
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  local        = { data_dir = %q, images = { titanic = [%q] } }
  default_tags = { project = "bench", env = "dev", owner = "bench", managed_by = "terraform", cost_center = "bench" }
}

resource "titanicml_dataset" "train" {
  name   = "train"
  source = %q
}

resource "titanicml_training_run" "this" {
  count           = 200
  name            = "bench-${count.index}"
  image           = "titanic"
  inputs          = { train = titanicml_dataset.train.uri }
  hyperparameters = { features = "weak", seed = count.index }
}
`, dataDir, s.titanic, s.data))
	if err != nil {
		return nil, err
	}
	baseline, err := s.module("data", `
resource "terraform_data" "this" {
  count = 200
  input = { name = "bench-${count.index}", features = "weak", seed = count.index }
}
`)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{runs, baseline} {
		if err := s.cli(ctx, dir, "init", "-input=false"); err != nil {
			return nil, err
		}
		fmt.Printf("  applying %s\n", filepath.Base(dir))
		if err := s.cli(ctx, dir, "apply", "-input=false", "-auto-approve"); err != nil {
			return nil, err
		}
	}
	var ours, theirs []time.Duration
	for range 7 {
		for _, m := range []struct {
			dir   string
			times *[]time.Duration
		}{{runs, &ours}, {baseline, &theirs}} {
			begin := time.Now()
			if err := s.cli(ctx, m.dir, "plan", "-input=false", "-detailed-exitcode"); err != nil {
				return nil, err
			}
			*m.times = append(*m.times, time.Since(begin))
		}
	}
	a, b := quantile(ours, 0.5), quantile(theirs, 0.5)
	return []figure{{"plan of 200 training runs / 200 terraform_data", ratio(a, b), "<= 2x", a <= 2*b}}, nil
}

// module writes a root module of one file and returns its directory.
func (s settings) module(name, text string) (string, error) {
	dir := filepath.Join(s.work, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o644)
}

// cli runs Terraform in dir; its error holds what it printed.
func (s settings) cli(ctx context.Context, dir string, args ...string) error {
	command := exec.CommandContext(ctx, s.terraform, append([]string{"-chdir=" + dir}, args...)...)
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("terraform %s: %w\n%s", args[0], err, out)
	}
	return nil
}
