//go:build linux || darwin

// Package driver applies configurations as Terraform does: by its CLI, or in a process of this program that has a small core of its own. In go a
// specification and a task, out comes what the provider answered.
package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/titanicml/terraform-provider-titanicml/provider"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// The program runs itself as everything that a schedule needs: the engine and its containers, the process that applies, and, under
// providerProgram's name, the provider that the Terraform CLI starts.
const (
	applyArgument   = "__apply"
	providerProgram = "terraform-provider-titanicml"

	// Variables by which a provider learns what a schedule wants of it.
	proxyVariable = "TITANICML_CHAOS_PROXY"
	clockVariable = "TITANICML_CHAOS_CLOCK"
	pidVariable   = "TITANICML_CHAOS_PID"
)

// RunAs is called first in main; handled tells that this process was one of the others.
func RunAs(args []string) (handled bool, code int) {
	if handled, code := launch.RunChildAt(args, func(dataDir string) func() time.Time {
		return clockOf(filepath.Join(filepath.Dir(dataDir), ClockFile))
	}); handled {
		return true, code
	}
	if handled, code := workload.Run(args); handled {
		return true, code
	}
	var err error
	switch {
	case filepath.Base(os.Args[0]) == providerProgram:
		err = serveProvider()
	case len(args) > 0 && args[0] == applyArgument:
		err = applyHere(os.Stdin, os.Stdout)
	default:
		return false, 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}

// ClockFile holds how far the clock of a schedule is off, in seconds. It lies beside the engine's data directory.
const ClockFile = "clock"

// clockOf is the machine's clock, moved by what the file says at the moment.
func clockOf(file string) func() time.Time {
	return func() time.Time {
		offset := 0
		if body, err := os.ReadFile(file); err == nil { // before the first jump there is none
			offset, _ = strconv.Atoi(string(bytes.TrimSpace(body)))
		}
		return time.Now().Add(time.Duration(offset) * time.Second)
	}
}

// options let a provider's requests go through the proxy: to an engine that it starts as ever.
func options(proxy, clock string) provider.Options {
	return provider.Options{
		Clock: clockOf(clock),
		StartEngine: func(ctx context.Context, dataDir string, images map[string][]string) (string, error) {
			if _, err := launch.Ensure(ctx, dataDir, images); err != nil {
				return "", err
			}
			return proxy, nil
		},
	}
}

func serveProvider() error {
	if file := os.Getenv(pidVariable); file != "" {
		if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			return err
		}
	}
	constructor := provider.New("chaos", options(os.Getenv(proxyVariable), os.Getenv(clockVariable)))
	return providerserver.Serve(context.Background(), constructor, providerserver.ServeOpts{Address: "registry.terraform.io/titanicml/titanicml", ProtocolVersion: 6})
}

// Task is what an applying process is asked for.
type Task struct {
	Spec    Spec
	Mode    minicore.Mode
	Replace []string
	Import  string // address of a resource to import first
	ID      string // by this
	State   string // path
	Clock   string // path
}

// applyHere reads a task and writes its outcome.
func applyHere(in *os.File, out *os.File) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var t Task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("reading the task: %w", err)
	}
	server := providerserver.NewProtocol6(provider.New("chaos", options(t.Spec.Proxy, t.Clock))())()
	outcome, err := minicore.Do(ctx, server, minicore.Run{Mode: t.Mode, Config: t.Spec.config(), State: t.State, Replace: t.Replace, Import: t.Import, ID: t.ID})
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(outcome)
}

// Result is what came of a run, seen from outside.
type Result struct {
	minicore.Outcome
	// Killed says that the process was ended before it could say anything.
	Killed bool
	Took   time.Duration
}

// Running is a process that applies.
type Running interface {
	// Victim is the process to kill for killing the provider; 0 while there is none.
	Victim() int
	// Interrupt asks it to end.
	Interrupt()
	// Wait returns what came of it.
	Wait() (*Result, error)
}

// applying is a process of this program that applies.
type applying struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	begin          time.Time
}

// StartApplying runs one task in a process of this program, without Terraform.
func StartApplying(ctx context.Context, t Task, env []string) (*applying, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	a := &applying{cmd: exec.CommandContext(ctx, t.Spec.Program, applyArgument), begin: time.Now()}
	a.cmd.Stdin, a.cmd.Stdout, a.cmd.Stderr = bytes.NewReader(body), &a.stdout, &a.stderr
	a.cmd.Dir = t.Spec.Dir
	a.cmd.Env = append(os.Environ(), env...)
	// Ctrl-C in a terminal is for the harness, which ends what it has started.
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return a, a.cmd.Start()
}

// Victim is the process to kill.
func (a *applying) Victim() int { return a.cmd.Process.Pid }

// Interrupt is Ctrl-C.
func (a *applying) Interrupt() { _ = a.cmd.Process.Signal(os.Interrupt) }

// Wait returns what the process answered.
func (a *applying) Wait() (*Result, error) {
	err := a.cmd.Wait()
	r := &Result{Took: time.Since(a.begin)}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		r.Killed = true
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, a.stderr.Bytes())
	}
	if err := json.Unmarshal(a.stdout.Bytes(), &r.Outcome); err != nil {
		return nil, fmt.Errorf("reading the outcome: %w: %s", err, a.stderr.Bytes())
	}
	return r, nil
}
