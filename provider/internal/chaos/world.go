//go:build linux || darwin

package main

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

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/faults"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// world is what one schedule has to itself: a directory with an engine on it, two configurations, each with a state and a proxy,
// and a clock.
type world struct {
	dir, data, program string
	states             map[string]*state
	tally              *tally

	mu     sync.Mutex
	client *sagemaker.Client
	offset time.Duration
	log    []string
	found  []string // violations
	begin  time.Time
}

// state is one configuration, as somebody would have it in a checkout of their own.
type state struct {
	spec  spec
	proxy *faults.Proxy
	cli   *cli // nil: processes of this program apply
	file  string
	// next numbers the qualities of the models to train, so that each answer names its model.
	good, bad int
	applied   bool // ever
	last      spec // of the last apply that succeeded
}

func newWorld(dir, program, terraform string, base spec, t *tally) (*world, func() error, error) {
	w := &world{dir: dir, data: filepath.Join(dir, "data"), program: program, states: map[string]*state{}, tally: t, begin: time.Now()}
	var servers []*httptest.Server
	closing := func() error {
		for _, s := range servers {
			s.CloseClientConnections()
			s.Close()
		}
		return w.stopEngine()
	}
	for i, name := range []string{"a", "b"} {
		s := &state{spec: base, file: filepath.Join(dir, name+".state"), good: 650 + i, bad: 100 + i}
		s.proxy = &faults.Proxy{Target: w.target}
		s.proxy.Begin(faults.Plan{})
		server := httptest.NewServer(s.proxy)
		servers = append(servers, server)
		s.spec.State, s.spec.Dir, s.spec.DataDir, s.spec.Program, s.spec.Proxy = name, dir, w.data, program, server.URL
		if err := os.WriteFile(s.spec.trainingFile(), []byte("id,label\n1,0\n2,1\n"+strconv.Itoa(3+i)+",1\n"), 0o600); err != nil {
			return nil, closing, err
		}
		if terraform != "" {
			var err error
			if s.cli, err = newCLI(terraform, program, filepath.Join(dir, "terraform-"+name)); err != nil {
				return nil, closing, err
			}
		}
		w.states[name] = s
	}
	return w, closing, nil
}

// note appends to the list of steps that a report of a violation prints.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf("%6.2fs  ", time.Since(w.begin).Seconds())+fmt.Sprintf(format, args...))
}

// violated records that an invariant does not hold.
func (w *world) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.note("VIOLATION: %s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = append(w.found, text)
}

func (w *world) violations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.found...)
}

// target is where the engine answers at the moment, or did when it was killed. It reads the lock file without probing the lock,
// which would stand in the way of an engine that starts.
func (w *world) target() (string, error) {
	body, err := os.ReadFile(filepath.Join(w.data, datadir.LockFile))
	var holder datadir.Holder
	if err == nil {
		err = json.Unmarshal(body, &holder)
	}
	if err != nil || holder.URL == "" {
		return "", errors.Join(errors.New("no engine answers"), err)
	}
	return holder.URL, nil
}

// ensure starts the engine where none runs.
func (w *world) ensure(ctx context.Context) error {
	_, err := launch.Ensure(ctx, w.data, map[string][]string{"tiny": {w.program, workload.Argument}})
	return err
}

// console is a client that goes past the proxies, as a person in SageMaker's console.
func (w *world) console(ctx context.Context) (*sagemaker.Client, error) {
	url, err := w.target()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.client == nil || w.client.LocalURL != url {
		w.client, err = sagemaker.New(ctx, awsconfig.Settings{LocalURL: url, DataDir: w.data, Region: region, Store: store, AccessKey: "alice"})
	}
	return w.client, err
}

// killEngine sends SIGKILL to the engine. Where providers do not start it, somebody does: AWS comes back by itself.
func (w *world) killEngine(ctx context.Context, aws bool) bool {
	holder, held, err := datadir.Find(w.data)
	if err != nil || !held || holder.PID <= 1 {
		return false
	}
	if err := syscall.Kill(holder.PID, syscall.SIGKILL); err != nil {
		return false
	}
	w.tally.add("engine killed (SIGKILL)")
	if aws {
		for i := 0; i < 3; i++ {
			if err = w.ensure(ctx); err == nil {
				break
			}
		}
		if err != nil && ctx.Err() == nil {
			w.violated("the engine does not come up again after SIGKILL: %v", err)
		}
	}
	return true
}

func (w *world) stopEngine() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := launch.Stop(ctx, w.data); err != nil && !errors.Is(err, launch.ErrNotRunning) {
		return fmt.Errorf("stopping the engine: %w", err)
	}
	return nil
}

// jump moves the clock of the engine and of the providers.
func (w *world) jump(by time.Duration) error {
	w.mu.Lock()
	w.offset += by
	seconds := int(w.offset.Seconds())
	w.mu.Unlock()
	w.tally.add("clock jumps")
	path := filepath.Join(w.dir, clockFile)
	if err := os.WriteFile(path+".new", []byte(strconv.Itoa(seconds)), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// start begins a run of a state.
func (w *world) start(ctx context.Context, s *state, t task, env []string) (running, error) {
	t.Spec, t.State, t.Clock = s.spec, s.file, filepath.Join(w.dir, clockFile)
	if s.spec.AWS {
		if err := w.ensure(ctx); err != nil {
			return nil, err
		}
		c, err := w.console(ctx)
		if err != nil {
			return nil, err
		}
		if err := c.EnsureBucket(ctx, c.Store.Bucket); err != nil {
			return nil, err
		}
	}
	if t.Mode != minicore.Plan {
		w.tally.add("applies")
	}
	w.mu.Lock()
	s.applied = true
	w.mu.Unlock()
	if s.cli != nil {
		w.tally.add("runs of the Terraform CLI")
		return s.cli.start(ctx, t, env)
	}
	return startApplying(ctx, t, env)
}

// used says whether a state was ever applied.
func (w *world) used(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.states[name].applied
}
