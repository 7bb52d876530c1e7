// Package launch finds, starts and stops the engine of a data directory.
//
// In goes a data directory; out comes a living engine's address. The engine is started detached,
// by running this program again with a hidden first argument, so that it outlives Terraform, which
// kills its providers; the lock in the data directory decides between processes that start one at
// the same moment.
package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/images"
)

// Instance is a living engine.
type Instance struct {
	PID       int
	URL       string // http://127.0.0.1:PORT
	DataDir   string // absolute
	StartedAt time.Time
}

// ErrNotRunning is returned by Stop when no engine lives on the data directory.
var ErrNotRunning = errors.New("no engine is running on this data directory")

const (
	// startTimeout bounds Ensure; recovery of many endpoints happens after the first answer.
	startTimeout = 20 * time.Second
	// stopTimeout is what an engine gets for a clean end before it is killed.
	stopTimeout = 20 * time.Second
	poll        = 2 * time.Millisecond
)

// Ensure returns the engine of dataDir, starting one detached when there is none, and waits until
// it answers. images are added to the data directory's mappings first, so that a running engine
// sees them too. On a system without the engine the error is datadir.ErrUnsupported.
func Ensure(ctx context.Context, dataDir string, mappings map[string][]string) (Instance, error) {
	if !supported {
		return Instance{}, datadir.ErrUnsupported
	}
	dir, err := datadir.Prepare(dataDir)
	if err != nil {
		return Instance{}, datadir.Explain(dataDir, err)
	}
	if _, err := images.Open(dir, mappings); err != nil {
		return Instance{}, datadir.Explain(dir, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		holder, held, err := datadir.Find(dir)
		if err != nil {
			return Instance{}, err
		}
		switch {
		case held && holder.URL != "":
			if answers(ctx, holder.URL) {
				return instance(dir, holder), nil
			}
		case !held:
			// Held by another by the time ours starts is no failure: it is then found above.
			if err := start(ctx, dir); err != nil {
				return Instance{}, err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return Instance{}, fmt.Errorf("wait for the engine on %s to answer: %w; its log is %s", dir, ctx.Err(), filepath.Join(dir, datadir.LogFile))
		case <-time.After(poll):
		}
	}
}

func instance(dir string, h datadir.Holder) Instance {
	return Instance{PID: h.PID, URL: h.URL, DataDir: dir, StartedAt: h.StartedAt}
}

// healthClient keeps no connection, which would count as one to an engine that ends.
var healthClient = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+engine.HealthPath, nil)
	if err != nil {
		return false
	}
	resp, err := healthClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// start runs this program as the engine of dir and returns when it listens, or found the
// directory held by another engine.
func start(ctx context.Context, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the engine: find this program: %w", err)
	}
	log, err := openLog(dir)
	if err != nil {
		return fmt.Errorf("start the engine: %w", datadir.Explain(dir, err))
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	defer r.Close()
	cmd := exec.Command(self, ChildArg, "--data-dir", dir)
	cmd.Dir = dir
	cmd.Env = childEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{w} // the child's descriptor 3, on which it reports
	cmd.SysProcAttr = detached()
	err = cmd.Start()
	w.Close()
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	// Reap it should it end before this process does; nobody waits for more.
	go cmd.Wait()
	if deadline, ok := ctx.Deadline(); ok {
		r.SetReadDeadline(deadline)
	}
	raw, err := io.ReadAll(io.LimitReader(r, 64<<10))
	report := strings.TrimSpace(string(raw))
	switch {
	case report == reportReady, report == reportHeld:
		return nil
	case report != "":
		return fmt.Errorf("start the engine: %s", report)
	case err != nil:
		return fmt.Errorf("start the engine: no report from it: %w; its log is %s", err, log.Name())
	}
	return fmt.Errorf("start the engine: it ended without a report; its log is %s", log.Name())
}

// childEnv leaves out credentials and Terraform's own variables: the engine needs neither, and
// lives longer than both should.
func childEnv() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "GOCOVERDIR", "GORACE"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// maxLog is the size beyond which a log is put aside when an engine starts.
const maxLog = 16 << 20

func openLog(dir string) (*os.File, error) {
	path := filepath.Join(dir, datadir.LogFile)
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("put the old log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the engine's log: %w", err)
	}
	return f, nil
}

// Find returns the living engine of dataDir. A lock file left by a dead one counts as none, as
// does a directory that does not exist. One that is only starting is waited for.
func Find(dataDir string) (Instance, bool, error) {
	if !supported {
		return Instance{}, false, nil
	}
	dir, err := datadir.Resolve(dataDir)
	if err != nil {
		return Instance{}, false, err
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(poll) {
		holder, held, err := datadir.Find(dir)
		if err != nil || !held {
			return Instance{}, false, err
		}
		if holder.URL != "" {
			return instance(dir, holder), true, nil
		}
		if time.Now().After(deadline) {
			return Instance{}, false, fmt.Errorf("the engine with pid %d holds %s but does not answer; its log is %s", holder.PID, dir, filepath.Join(dir, datadir.LogFile))
		}
	}
}

// Stop ends the engine of dataDir, its jobs' and endpoints' processes with it, and waits until
// its lock is free. An engine that does not end in time is killed. Without an engine, processes
// that a killed one left behind are ended; ErrNotRunning when there are none either.
func Stop(ctx context.Context, dataDir string) error {
	if !supported {
		return ErrNotRunning
	}
	dir, err := datadir.Resolve(dataDir)
	if err != nil {
		return err
	}
	holder, held, err := datadir.Find(dir)
	if err != nil {
		return err
	}
	if !held {
		return clearLeftovers(dir)
	}
	for holder.PID <= 1 { // it has the lock and is about to write its id
		found, _, err := Find(dataDir)
		if err != nil {
			return err
		}
		if found.PID == 0 {
			return ErrNotRunning
		}
		holder.PID = found.PID
	}
	if err := terminate(holder.PID); err != nil {
		return fmt.Errorf("stop the engine with pid %d: %w", holder.PID, err)
	}
	hard := time.Now().Add(stopTimeout)
	for killed := false; ; {
		now, held, err := datadir.Find(dir)
		if err != nil {
			return err
		}
		if !held || now.PID != holder.PID {
			return afterEnd(dir)
		}
		if !killed && time.Now().After(hard) {
			killed = true
			if err := kill(holder.PID); err != nil {
				return fmt.Errorf("stop the engine with pid %d: %w", holder.PID, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the engine with pid %d to end: %w", holder.PID, ctx.Err())
		case <-time.After(poll):
		}
	}
}

// afterEnd makes sure of an end that may not have been a clean one. That another engine took over
// meanwhile, or that nothing was left, is as it should be.
func afterEnd(dir string) error {
	err := clearLeftovers(dir)
	var held *datadir.HeldError
	if errors.Is(err, ErrNotRunning) || errors.As(err, &held) {
		return nil
	}
	return err
}

// clearLeftovers ends what a killed engine left running. Holding the lock meanwhile, it cannot
// meet the processes of a new one.
func clearLeftovers(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, datadir.LockFile)); errors.Is(err, os.ErrNotExist) {
		return ErrNotRunning
	}
	lock, err := datadir.Acquire(dir, time.Now())
	if err != nil {
		return err
	}
	n, err := container.KillLeftovers(dir)
	if err = errors.Join(err, lock.Release()); err != nil {
		return err
	}
	if n == 0 {
		return ErrNotRunning
	}
	return nil
}
