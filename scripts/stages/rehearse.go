package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
	"github.com/titanicml/terraform-provider-titanicml/scripts/stages/documents"
)

// rehearsal is all stages for dev and prod on this machine.
type rehearsal struct {
	root, cli string
	stages    []string
	keep      bool
	checks    []string // verbs that need neither engine nor AWS; none means everything
	out       io.Writer
}

func rehearse(ctx context.Context, r rehearsal) (err error) {
	dir := filepath.Join(r.root, ".titanicml", "stages")
	emulator := os.Getenv("STAGES_STANDIN") == ""
	if emulator && len(r.checks) == 0 && os.Getenv("AWS_ENDPOINT_URL") == "" {
		return errors.New("nothing stands in for AWS: set STAGES_STANDIN or AWS_ENDPOINT_URL (see stages help)")
	}
	p, err := project.Read(r.root)
	if err != nil {
		return err
	}
	engine := &engine{root: r.root, dataDir: filepath.Join(dir, "engine"), region: p.Region}
	if err := engine.stop(ctx); err != nil {
		return err
	}
	w, err := newWorkspace(r.root, dir, emulator)
	if err != nil {
		return err
	}
	config, err := cliConfiguration(ctx, r.root, w.dir, os.Getenv("STAGES_STANDIN"))
	if err != nil {
		return err
	}
	if len(r.checks) > 0 {
		return r.checkAll(ctx, w, terraform{cli: r.cli, env: []string{"TF_CLI_CONFIG_FILE=" + config}})
	}
	// The engine outlives an interrupted run unless it is stopped in a context of its own.
	defer func() { err = errors.Join(err, engine.stop(context.WithoutCancel(ctx))) }()
	t := terraform{cli: r.cli, env: []string{"TF_CLI_CONFIG_FILE=" + config}}
	for _, env := range []string{"dev", "prod"} {
		if err := engine.become(ctx, env, p.Accounts[env]); err != nil {
			return err
		}
		variables, err := w.variables(env, map[string]any{"titanicml": engine.settings(env)})
		if err != nil {
			return err
		}
		for _, stage := range r.stages {
			t.dir = w.stage(stage)
			if err := r.stage(ctx, w, t, engine, env, stage, variables); err != nil {
				return fmt.Errorf("%s %s: %w", env, stage, err)
			}
		}
	}
	checked, err := documents.Keep(w.root, w.dir)
	if err != nil {
		return err
	}
	if err := r.say("checked %d JSON documents", checked); err != nil {
		return err
	}
	if r.keep {
		return r.say("kept %s", w.dir)
	}
	reversed := slices.Clone(r.stages)
	slices.Reverse(reversed)
	for _, env := range []string{"prod", "dev"} {
		if err := engine.become(ctx, env, p.Accounts[env]); err != nil {
			return err
		}
		variables, err := w.variables(env, map[string]any{"titanicml": engine.settings(env)})
		if err != nil {
			return err
		}
		for _, stage := range reversed {
			t.dir = w.stage(stage)
			if err := r.destroy(ctx, t, env, stage, variables); err != nil {
				return fmt.Errorf("%s %s: %w", env, stage, err)
			}
		}
	}
	return r.say("all %d stages were applied and destroyed for dev and prod", len(r.stages))
}

// checkArguments are what needs no engine and no AWS.
var checkArguments = map[string][]string{
	"init":     {"init", "-backend=false", "-no-color"},
	"validate": {"validate", "-no-color"},
	"test":     {"test", "-no-color"},
}

func (r rehearsal) checkAll(ctx context.Context, w workspace, t terraform) error {
	for _, verb := range r.checks {
		if checkArguments[verb] == nil {
			return fmt.Errorf("got the verb %q, expected init, validate or test", verb)
		}
	}
	for _, stage := range r.stages {
		t.dir = w.stage(stage)
		for _, verb := range r.checks {
			if err := t.run(ctx, checkArguments[verb]...); err != nil {
				return fmt.Errorf("%s: %w", stage, err)
			}
		}
		if err := r.say("%-22s %s: ok", stage, strings.Join(r.checks, ", ")); err != nil {
			return err
		}
	}
	return nil
}

func (r rehearsal) say(format string, args ...any) error {
	_, err := fmt.Fprintf(r.out, format+"\n", args...)
	return err
}

// stage initialises, validates, tests, plans, applies, and plans again to see that nothing is left to do.
func (r rehearsal) stage(ctx context.Context, w workspace, t terraform, e *engine, env, stage, variables string) error {
	started := time.Now()
	files := append(varFiles(env), "-var-file="+variables)
	if err := t.run(ctx, "init", "-reconfigure", "-no-color", "-backend-config=path=../../state/"+env+"."+stage+".tfstate"); err != nil {
		return err
	}
	if env == "dev" {
		for _, verb := range []string{"validate", "test"} {
			if err := t.run(ctx, verb, "-no-color"); err != nil {
				return err
			}
		}
	}
	planned := filepath.Join(w.dir, "plans", env+"."+stage+".tfplan")
	plan := func() (changes int, err error) {
		if err := t.run(ctx, append([]string{"plan", "-no-color", "-out=" + planned}, files...)...); err != nil {
			return 0, err
		}
		if err := writePlanJSON(ctx, t, planned); err != nil {
			return 0, err
		}
		return countChanges(strings.TrimSuffix(planned, ".tfplan") + ".json")
	}
	changes, err := plan()
	if err != nil {
		return err
	}
	if err := keepFirst(planned); err != nil {
		return err
	}
	if err := t.run(ctx, "apply", "-no-color", planned); err != nil {
		return err
	}
	note := ""
	if env == "prod" && stage == "5_serving" {
		// What the gate let through waits for a person; here that person is a command.
		if err := e.approve(ctx, "titanic-prod-survival"); err != nil {
			return err
		}
		if _, err := plan(); err != nil {
			return err
		}
		if err := t.run(ctx, "apply", "-no-color", planned); err != nil {
			return err
		}
		// Autoscaling follows the first promotion: its number of resources depends on whether a champion serves.
		if _, err := plan(); err != nil {
			return err
		}
		if err := t.run(ctx, "apply", "-no-color", planned); err != nil {
			return err
		}
		note = ", approved, promoted, scaled"
	}
	again, err := plan()
	if err != nil {
		return err
	}
	if again != 0 {
		return fmt.Errorf("the plan after the apply has %d changes, expected none; see %s", again, strings.TrimSuffix(planned, ".tfplan")+".json")
	}
	line := fmt.Sprintf("%-4s %-22s applied %3d changes%s, second plan empty", env, stage, changes, note)
	if err := appendLine(documents.ReportFile(w.root), line); err != nil {
		return err
	}
	return r.say("%s, %.1f s", line, time.Since(started).Seconds())
}

// keepFirst keeps the plan that makes a stage: later ones overwrite it, and only the first tells what the stage will cost.
func keepFirst(planned string) error {
	file := strings.TrimSuffix(planned, ".tfplan") + ".json"
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the first plan: %w", err)
	}
	first := filepath.Join(filepath.Dir(file), "first")
	if err := os.MkdirAll(first, 0o755); err != nil {
		return fmt.Errorf("keep the first plan: %w", err)
	}
	if err := os.WriteFile(filepath.Join(first, filepath.Base(file)), content, 0o600); err != nil {
		return fmt.Errorf("keep the first plan: %w", err)
	}
	return nil
}

func appendLine(file, line string) error {
	opened, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = fmt.Fprintln(opened, line)
	if err := errors.Join(err, opened.Close()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (r rehearsal) destroy(ctx context.Context, t terraform, env, stage, variables string) error {
	started := time.Now()
	if err := t.run(ctx, "init", "-reconfigure", "-no-color", "-backend-config=path=../../state/"+env+"."+stage+".tfstate"); err != nil {
		return err
	}
	if err := t.run(ctx, append([]string{"destroy", "-auto-approve", "-no-color", "-var-file=" + variables}, varFiles(env)...)...); err != nil {
		return err
	}
	return r.say("%-4s %-22s destroyed, %.1f s", env, stage, time.Since(started).Seconds())
}

// countChanges counts the resources that a plan creates, updates or deletes.
func countChanges(file string) (int, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read the plan: %w", err)
	}
	var plan struct {
		ResourceChanges []struct {
			Mode   string
			Change struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(content, &plan); err != nil {
		return 0, fmt.Errorf("read the plan: %w", err)
	}
	changes := 0
	for _, change := range plan.ResourceChanges {
		if change.Mode == "managed" && !slices.Equal(change.Change.Actions, []string{"no-op"}) {
			changes++
		}
	}
	return changes, nil
}

// cliConfiguration writes a CLI configuration that takes titanicml from bin/ and, with a stand-in, hashicorp/aws
// from there. Without one hashicorp/aws comes from the registry.
func cliConfiguration(ctx context.Context, root, dir, standin string) (string, error) {
	mirror := exec.CommandContext(ctx, filepath.Join(root, "tools", "mirror.sh"), version(root), filepath.Join(dir, "mirror"))
	out, err := mirror.Output()
	if err != nil {
		return "", fmt.Errorf("lay out the provider in bin/ as a mirror (is it built?): %w", err)
	}
	config := strings.TrimSpace(string(out))
	if standin == "" {
		return config, nil
	}
	install := exec.CommandContext(ctx, filepath.Join(standin, "install.sh"), filepath.Join(root, ".tools", "standin"), filepath.Join(dir, "mirror"))
	install.Stderr = os.Stderr
	if out, err = install.Output(); err != nil {
		return "", fmt.Errorf("install the stand-in for hashicorp/aws: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func version(root string) string {
	content, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		return "0.0.0"
	}
	return strings.TrimSpace(string(content))
}
