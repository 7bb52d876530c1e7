package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// measurePlan times a plan over 200 training runs that are in state, each of which asks the engine for its job, beside one over
// 200 terraform_data, which Terraform answers itself, and one over 200 time_static of another provider, which asks nobody: that
// is what 200 resources of any plugin cost.
func measurePlan(ctx context.Context, s settings) ([]proof.Figure, error) {
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
	modules := []*planned{{dir: runs}, {dir: baseline}}
	if s.peer != "" {
		peer, err := s.peerModule()
		if err != nil {
			return nil, err
		}
		modules = append(modules, peer)
	}
	for _, m := range modules {
		if err := s.cli(ctx, m, "init", "-input=false"); err != nil {
			return nil, err
		}
		fmt.Printf("  applying %s\n", filepath.Base(m.dir))
		if err := s.cli(ctx, m, "apply", "-input=false", "-auto-approve"); err != nil {
			return nil, err
		}
	}
	for range 7 {
		for _, m := range modules {
			begin := time.Now()
			if err := s.cli(ctx, m, "plan", "-input=false", "-detailed-exitcode"); err != nil {
				return nil, err
			}
			m.times = append(m.times, time.Since(begin))
		}
	}
	a, b := quantile(modules[0].times, 0.5), quantile(modules[1].times, 0.5)
	figures := []proof.Figure{{Name: "plan of 200 training runs / 200 terraform_data", Value: ratio(a, b), Bound: "<= 2x", OK: a <= 2*b}}
	if s.peer != "" {
		c := quantile(modules[2].times, 0.5)
		figures = append(figures,
			proof.Figure{Name: "plan of 200 time_static of hashicorp/time / 200 terraform_data", Value: ratio(c, b), OK: true},
			proof.Figure{Name: "plan of 200 training runs / 200 time_static", Value: ratio(a, c), Bound: "<= 1.5x", OK: 2*a <= 3*c})
	}
	return figures, nil
}

// planned is a root module and what its plans took.
type planned struct {
	dir string
	// config is a CLI configuration other than the environment's.
	config string
	times  []time.Duration
}

// peerModule lays the other provider out as a mirror of its own.
func (s settings) peerModule() (*planned, error) {
	const version = "0.14.2" // as tools/bench.sh builds it
	mirror := filepath.Join(s.work, "mirror")
	m := &planned{config: filepath.Join(s.work, "peer.tfrc")}
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(m.config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		dir := filepath.Join(mirror, host, "hashicorp", "time", version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if err := os.Symlink(s.peer, filepath.Join(dir, "terraform-provider-time_v"+version)); err != nil {
			return nil, err
		}
	}
	var err error
	m.dir, err = s.module("peer", `
terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}

resource "time_static" "this" {
  count    = 200
  triggers = { name = "bench-${count.index}", features = "weak", seed = count.index }
}
`)
	return m, err
}

// module writes a root module of one file and returns its directory.
func (s settings) module(name, text string) (string, error) {
	dir := filepath.Join(s.work, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o644)
}

// cli runs Terraform in the module; its error holds what it printed.
func (s settings) cli(ctx context.Context, m *planned, args ...string) error {
	command := exec.CommandContext(ctx, s.terraform, append([]string{"-chdir=" + m.dir}, args...)...)
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	if m.config != "" {
		command.Env = append(command.Env, "TF_CLI_CONFIG_FILE="+m.config)
	}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("terraform %s: %w\n%s", args[0], err, out)
	}
	return nil
}
