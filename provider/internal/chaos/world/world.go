//go:build linux || darwin

// Package world is what one schedule has to itself: an engine, configurations with their states and proxies, a clock, the console of a person, and
// the memory of everything that was ever recorded.
package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/faults"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// World is what one schedule has to itself: a directory with an engine on it, two configurations, each with a state and a proxy,
// and a clock.
type World struct {
	dir, Data, program string
	States             map[string]*State
	Tally              *Tally

	Mu     sync.Mutex
	client *sagemaker.Client
	offset time.Duration
	Log    []string
	Found  []string // violations
	Begin  time.Time
}

// State is one configuration, as somebody would have it in a checkout of their own.
type State struct {
	Spec  driver.Spec
	Proxy *faults.Proxy
	cli   *driver.CLI // nil: processes of this program apply
	file  string
	// next numbers the qualities of the models to train, so that each answer names its model.
	Good, Bad int
	applied   bool        // ever
	Last      driver.Spec // of the last apply that succeeded
}

// NewWorld makes the directory's two configurations with their proxies; the function ends them.
func NewWorld(dir, program, terraform string, base driver.Spec, t *Tally) (*World, func() error, error) {
	w := &World{dir: dir, Data: filepath.Join(dir, "data"), program: program, States: map[string]*State{}, Tally: t, Begin: time.Now()}
	var servers []*httptest.Server
	closing := func() error {
		for _, s := range servers {
			s.CloseClientConnections()
			s.Close()
		}
		return w.StopEngine()
	}
	for i, name := range []string{"a", "b"} {
		s := &State{Spec: base, file: filepath.Join(dir, name+".state"), Good: 650 + i, Bad: 100 + i}
		s.Proxy = &faults.Proxy{Target: w.target}
		s.Proxy.Begin(faults.Plan{})
		server := httptest.NewServer(s.Proxy)
		servers = append(servers, server)
		s.Spec.State, s.Spec.Dir, s.Spec.DataDir, s.Spec.Program, s.Spec.Proxy = name, dir, w.Data, program, server.URL
		if err := os.WriteFile(s.Spec.TrainingFile(), []byte("id,label\n1,0\n2,1\n"+strconv.Itoa(3+i)+",1\n"), 0o600); err != nil {
			return nil, closing, err
		}
		if terraform != "" {
			var err error
			if s.cli, err = driver.NewCLI(terraform, program, filepath.Join(dir, "terraform-"+name)); err != nil {
				return nil, closing, err
			}
		}
		w.States[name] = s
	}
	return w, closing, nil
}

// Note appends to the list of steps that a report of a violation prints.
func (w *World) Note(format string, args ...any) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.Log = append(w.Log, fmt.Sprintf("%6.2fs  ", time.Since(w.Begin).Seconds())+fmt.Sprintf(format, args...))
}

// Violated records that an invariant does not hold.
func (w *World) Violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.Note("VIOLATION: %s", text)
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.Found = append(w.Found, text)
}

// Violations are the invariants that did not hold.
func (w *World) Violations() []string {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	return append([]string(nil), w.Found...)
}

// target is where the engine answers at the moment, or did when it was killed. It reads the lock file without probing the lock,
// which would stand in the way of an engine that starts.
func (w *World) target() (string, error) {
	body, err := os.ReadFile(filepath.Join(w.Data, datadir.LockFile))
	var holder datadir.Holder
	if err == nil {
		err = json.Unmarshal(body, &holder)
	}
	if err != nil || holder.URL == "" {
		return "", errors.Join(errors.New("no engine answers"), err)
	}
	return holder.URL, nil
}

// Ensure starts the engine where none runs.
func (w *World) Ensure(ctx context.Context) error {
	_, err := launch.Ensure(ctx, w.Data, map[string][]string{"tiny": {w.program, workload.Argument}})
	return err
}

// Console is a client that goes past the proxies, as a person in SageMaker's console.
func (w *World) Console(ctx context.Context) (*sagemaker.Client, error) {
	url, err := w.target()
	if err != nil {
		return nil, err
	}
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if w.client == nil || w.client.LocalURL != url {
		w.client, err = sagemaker.New(ctx, awsconfig.Settings{LocalURL: url, DataDir: w.Data, Region: driver.Region, Store: driver.Store, AccessKey: "alice"})
	}
	return w.client, err
}

// KillEngine sends SIGKILL to the engine. Where providers do not start it, somebody does: AWS comes back by itself.
func (w *World) KillEngine(ctx context.Context, aws bool) bool {
	holder, held, err := datadir.Find(w.Data)
	if err != nil || !held || holder.PID <= 1 {
		return false
	}
	if err := syscall.Kill(holder.PID, syscall.SIGKILL); err != nil {
		return false
	}
	w.Tally.Add("engine killed (SIGKILL)")
	if aws {
		for i := 0; i < 3; i++ {
			if err = w.Ensure(ctx); err == nil {
				break
			}
		}
		if err != nil && ctx.Err() == nil {
			w.Violated("the engine does not come up again after SIGKILL: %v", err)
		}
	}
	return true
}

// StopEngine ends the engine as a user would.
func (w *World) StopEngine() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := launch.Stop(ctx, w.Data); err != nil && !errors.Is(err, launch.ErrNotRunning) {
		return fmt.Errorf("stopping the engine: %w", err)
	}
	return nil
}

// Jump moves the clock of the engine and of the providers.
func (w *World) Jump(by time.Duration) error {
	w.Mu.Lock()
	w.offset += by
	seconds := int(w.offset.Seconds())
	w.Mu.Unlock()
	w.Tally.Add("clock jumps")
	path := filepath.Join(w.dir, driver.ClockFile)
	if err := os.WriteFile(path+".new", []byte(strconv.Itoa(seconds)), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Start begins a run of a state.
func (w *World) Start(ctx context.Context, s *State, t driver.Task, env []string) (driver.Running, error) {
	t.Spec, t.State, t.Clock = s.Spec, s.file, filepath.Join(w.dir, driver.ClockFile)
	if s.Spec.AWS {
		if err := w.Ensure(ctx); err != nil {
			return nil, err
		}
		c, err := w.Console(ctx)
		if err != nil {
			return nil, err
		}
		if err := c.EnsureBucket(ctx, c.Store.Bucket); err != nil {
			return nil, err
		}
	}
	if t.Mode != minicore.Plan {
		w.Tally.Add("applies")
	}
	w.Mu.Lock()
	s.applied = true
	w.Mu.Unlock()
	if s.cli != nil {
		w.Tally.Add("runs of the Terraform CLI")
		return s.cli.Start(ctx, t, env)
	}
	return driver.StartApplying(ctx, t, env)
}

// Used says whether a state was ever applied.
func (w *World) Used(name string) bool {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	return w.States[name].applied
}
