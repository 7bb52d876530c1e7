package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

// terraform runs the CLI in a stage's directory.
type terraform struct {
	cli, dir string
	env      []string // added to this process's
}

// run runs a command; its output comes back in an error and is thrown away otherwise.
func (t terraform) run(ctx context.Context, args ...string) error {
	_, err := t.output(ctx, args...)
	return err
}

func (t terraform) output(ctx context.Context, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	command := t.command(ctx, args...)
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("terraform %s in %s: %w\n%s", args[0], filepath.Base(t.dir), err, strings.TrimSpace(out.String()+said.String()))
	}
	return out.Bytes(), nil
}

// show runs a command whose output people read.
func (t terraform) show(ctx context.Context, out io.Writer, args ...string) error {
	command := t.command(ctx, args...)
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		return fmt.Errorf("terraform %s in %s: %w", args[0], filepath.Base(t.dir), err)
	}
	return nil
}

func (t terraform) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.cli, args...)
	command.Dir = t.dir
	command.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	command.Env = append(command.Env, t.env...)
	// An interrupted run must give its lock back, so that Terraform gets the signal and its time.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 2 * time.Minute
	return command
}

func varFiles(env string) []string {
	return []string{"-var-file=../project.tfvars", "-var-file=env/" + env + ".tfvars"}
}

// runStages does the verbs on each stage in order, against the environment itself.
func runStages(ctx context.Context, root, cli, env string, verbs, stages []string, out io.Writer) error {
	for _, stage := range stages {
		backend, err := project.BackendSettings(root, env, stage)
		if err != nil {
			return err
		}
		t := terraform{cli: cli, dir: filepath.Join(root, "terraform", stage)}
		if err := lockPredecessor(ctx, t, stage); err != nil {
			return err
		}
		planned := filepath.Join(root, ".titanicml", "plans", env)
		if err := os.MkdirAll(planned, 0o700); err != nil {
			return fmt.Errorf("make the directory for plans: %w", err)
		}
		planned = filepath.Join(planned, stage+".tfplan")
		for _, verb := range verbs {
			if _, err := fmt.Fprintf(out, "== %s %s %s\n", env, stage, verb); err != nil {
				return err
			}
			var err error
			switch verb {
			case "init":
				err = initPinned(ctx, t, func() error { return t.show(ctx, out, append([]string{"init", "-reconfigure"}, backend...)...) })
			case "init-local":
				err = initPinned(ctx, t, func() error { return t.show(ctx, out, "init", "-reconfigure") })
			case "migrate":
				err = initPinned(ctx, t, func() error {
					return t.show(ctx, out, append([]string{"init", "-migrate-state", "-force-copy"}, backend...)...)
				})
			case "validate":
				err = t.show(ctx, out, "validate")
			case "test":
				err = t.show(ctx, out, "test")
			case "plan":
				args := append([]string{"plan", "-out=" + planned}, varFiles(env)...)
				if os.Getenv("STAGES_READ_ONLY") != "" {
					args = append(args, "-lock=false")
				}
				if err = t.show(ctx, out, args...); err == nil {
					err = writePlanJSON(ctx, t, planned)
				}
			case "apply":
				err = applyPlan(ctx, t, planned, out)
			case "destroy":
				err = t.show(ctx, out, append([]string{"destroy", "-auto-approve"}, varFiles(env)...)...)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// applyPlan applies a plan file; the ledger entry of the stage records which one.
func applyPlan(ctx context.Context, t terraform, planned string, out io.Writer) error {
	content, err := os.ReadFile(planned)
	if err != nil {
		return fmt.Errorf("read the plan: %w; plan first", err)
	}
	sum := sha256.Sum256(content)
	t.env = append(slices.Clone(t.env), "TITANICML_PLAN_SHA256="+hex.EncodeToString(sum[:]))
	return t.show(ctx, out, "apply", planned)
}

// writePlanJSON puts the plan beside itself in the form that titanicml-lint and reports read.
func writePlanJSON(ctx context.Context, t terraform, planned string) error {
	document, err := t.output(ctx, "show", "-json", planned)
	if err != nil {
		return err
	}
	if err := os.WriteFile(strings.TrimSuffix(planned, ".tfplan")+".json", document, 0o600); err != nil {
		return fmt.Errorf("write the plan as JSON: %w", err)
	}
	return nil
}
