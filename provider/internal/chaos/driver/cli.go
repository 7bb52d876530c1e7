//go:build linux || darwin

package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
)

// CLI runs the real Terraform in a directory of its own for each state.
type CLI struct {
	terraform string
	dir       string
}

// NewCLI lays out the directory: this program under the provider's name, and a configuration that makes Terraform start it.
func NewCLI(terraform, program, dir string) (*CLI, error) {
	binaries := filepath.Join(dir, "bin")
	if err := os.MkdirAll(binaries, 0o700); err != nil {
		return nil, err
	}
	if err := os.Symlink(program, filepath.Join(binaries, providerProgram)); err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"titanicml/titanicml\" = %q\n  }\n  direct {}\n}\n", binaries)
	return &CLI{terraform: terraform, dir: dir}, os.WriteFile(filepath.Join(dir, "terraform.rc"), []byte(settings), 0o600)
}

// write puts a configuration down in Terraform's JSON syntax.
func (c *CLI) write(config minicore.Config) error {
	resources := map[string]map[string]any{}
	for _, r := range config.Resources {
		resources[r.Type] = map[string]any{r.Name: r.Arguments} // one of each type
	}
	body, err := json.MarshalIndent(map[string]any{
		"terraform": map[string]any{"required_providers": map[string]any{"titanicml": map[string]any{"source": "titanicml/titanicml"}}},
		"provider":  map[string]any{"titanicml": config.Provider},
		"resource":  resources,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, "main.tf.json"), body, 0o600)
}

func (c *CLI) command(ctx context.Context, t Task, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.terraform, args...)
	cmd.Dir = c.dir
	cmd.Env = append(append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(c.dir, "terraform.rc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		proxyVariable+"="+t.Spec.Proxy, clockVariable+"="+t.Clock, pidVariable+"="+c.pidFile()), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

func (c *CLI) pidFile() string { return filepath.Join(c.dir, "provider.pid") }

// terraforming is a Terraform process.
type terraforming struct {
	cli            *CLI
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	begin          time.Time
}

// Start runs one task with Terraform.
func (c *CLI) Start(ctx context.Context, t Task, env []string) (*terraforming, error) {
	if err := c.write(t.Spec.config()); err != nil {
		return nil, err
	}
	if t.Import != "" {
		if out, err := c.command(ctx, t, env, "import", "-no-color", "-input=false", t.Import, t.ID).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("terraform import: %w: %s", err, out)
		}
	}
	args := []string{"apply", "-auto-approve"}
	switch t.Mode {
	case minicore.Plan:
		args = []string{"plan"}
	case minicore.Destroy:
		args = append(args, "-destroy")
	}
	for _, address := range t.Replace {
		args = append(args, "-replace="+address)
	}
	if err := os.Remove(c.pidFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	run := &terraforming{cli: c, begin: time.Now()}
	run.cmd = c.command(ctx, t, env, append(args, "-json", "-input=false")...)
	run.cmd.Stdout, run.cmd.Stderr = &run.stdout, &run.stderr
	return run, run.cmd.Start()
}

// Victim is the process to kill: the provider's.
func (r *terraforming) Victim() int {
	body, err := os.ReadFile(r.cli.pidFile())
	if err != nil {
		return 0 // no provider yet
	}
	pid, err := strconv.Atoi(string(body))
	if err != nil {
		return 0 // it is being written
	}
	return pid
}

// interrupt signals the group, as a terminal does.
func (r *terraforming) Interrupt() { _ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT) }

// wait reads Terraform's own account of the run.
func (r *terraforming) Wait() (*Result, error) {
	waited := r.cmd.Wait()
	out := &Result{Took: time.Since(r.begin)}
	var exit *exec.ExitError
	if waited != nil && !errors.As(waited, &exit) {
		return nil, waited
	}
	for line := range strings.Lines(r.stdout.String()) {
		var event struct {
			Type       string
			Diagnostic struct{ Severity, Address, Summary, Detail string }
			Change     struct {
				Action   string
				Resource struct{ Addr string }
			}
		}
		if json.Unmarshal([]byte(line), &event) != nil {
			continue // Terraform's remarks about development overrides
		}
		switch event.Type {
		case "planned_change":
			out.Changes = append(out.Changes, event.Change.Action+" "+event.Change.Resource.Addr)
		case "diagnostic":
			d := event.Diagnostic
			out.Diagnostics = append(out.Diagnostics, minicore.Diagnostic{Error: d.Severity == "error", Address: d.Address, Summary: d.Summary, Detail: d.Detail})
		}
	}
	if waited != nil && !out.Failed() {
		return nil, fmt.Errorf("terraform: %w: %s%s", waited, r.stdout.Bytes(), r.stderr.Bytes())
	}
	return out, nil
}
