// Package engine is the local SageMaker: one loopback port that speaks SageMaker's
// AWS JSON 1.1, its runtime, S3 and STS, and really runs the jobs and endpoints it
// is asked for.
//
// A data directory goes in; an address that the AWS SDKs can be pointed at comes
// out. Everything that outlives a request is in the data directory, so an engine
// that was killed is taken up again where it was.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/hosting"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/images"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/jobs"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/s3api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/registry"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// Options configures an engine.
type Options struct {
	DataDir  string              // made when missing; one engine per directory
	Listen   string              // host:port on loopback, port 0 for a free one; "" is 127.0.0.1:0
	Images   map[string][]string // image name to command, added to the mappings kept in DataDir
	IdleExit time.Duration       // Serve returns after so long without requests, jobs and endpoints; 0: never
	Clock    func() time.Time    // nil: time.Now
	Log      *slog.Logger        // nil: discard
}

// shutdownGrace bounds how long requests in flight hold up the end of the engine.
const shutdownGrace = 5 * time.Second

// Engine is a running engine: it answers from Open until Close.
type Engine struct {
	options    Options
	lock       *datadir.Lock
	listener   net.Listener
	server     *http.Server
	served     chan error
	table      *api.Table
	operations map[string]api.Handler
	store      *store.Store
	objects    *objectstore.Store
	objectHTTP http.Handler
	fleet      *fleet.Fleet
	jobs       *jobs.Jobs
	hosting    *hosting.Hosting
	activity   activity
	gone       chan struct{} // closed once the data directory is not there any more
	goneOnce   sync.Once
	closing    sync.Once
	closed     error
}

// Open takes the data directory (the error is a *datadir.HeldError when a living
// engine has it), takes up interrupted jobs and endpoints again, and starts to
// answer at URL. ctx bounds the opening only.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if err := checkLoopback(o.Listen); err != nil {
		return nil, err
	}
	dir, err := datadir.Prepare(o.DataDir)
	if err != nil {
		return nil, explainDataDir(o.DataDir, err)
	}
	o.DataDir = dir
	e := &Engine{options: o, served: make(chan error, 1), gone: make(chan struct{})}
	e.activity.now = o.Clock
	e.activity.touch()
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	o := e.options
	var err error
	if e.lock, err = datadir.Acquire(o.DataDir, o.Clock()); err != nil {
		return explainDataDir(o.DataDir, err)
	}
	commands, err := images.Open(o.DataDir, o.Images)
	if err != nil {
		return explainDataDir(o.DataDir, err)
	}
	if e.table, err = api.Load(); err != nil {
		return err
	}
	// The port comes first: that it is taken should not cost a recovery.
	if e.listener, err = listen(ctx, o.Listen); err != nil {
		return err
	}
	if e.store, err = store.Open(ctx, filepath.Join(o.DataDir, datadir.DBFile)); err != nil {
		return err
	}
	if e.objects, err = objectstore.Open(objectstore.Options{Dir: filepath.Join(o.DataDir, datadir.S3Dir), Clock: o.Clock, Log: o.Log}); err != nil {
		return explainDataDir(o.DataDir, err)
	}
	e.objectHTTP = s3api.Handler(e.objects)
	if e.fleet, err = fleet.New(fleet.Options{Dir: filepath.Join(o.DataDir, datadir.Endpoints), Now: o.Clock, Log: o.Log}); err != nil {
		return fmt.Errorf("prepare the endpoints: %w", err)
	}
	cat := &catalog.Catalog{Store: e.store, Now: o.Clock, Log: o.Log}
	reg := registry.New(cat)
	e.jobs = jobs.New(jobs.Options{Catalog: cat, Objects: e.objects, Images: commands, Dir: filepath.Join(o.DataDir, datadir.JobsDir)})
	e.hosting = hosting.New(hosting.Options{Catalog: cat, Registry: reg, Objects: e.objects, Images: commands, Fleet: e.fleet})
	e.operations = operations(cat, reg, e.jobs, e.hosting)
	if err := e.jobs.Recover(ctx); err != nil {
		return fmt.Errorf("take up interrupted jobs: %w", err)
	}
	if err := e.hosting.Recover(ctx); err != nil {
		return fmt.Errorf("take up endpoints: %w", err)
	}
	e.server = &http.Server{
		Handler:           e,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	go func() { e.served <- e.server.Serve(e.listener) }()
	if err := e.lock.Publish(e.URL()); err != nil {
		return explainDataDir(o.DataDir, err)
	}
	o.Log.Info("engine answers", "url", e.URL(), "data_dir", o.DataDir)
	return nil
}

// URL returns the engine's address, http://127.0.0.1:PORT.
func (e *Engine) URL() string { return "http://" + e.listener.Addr().String() }

// Serve blocks until ctx ends, the engine has been idle for IdleExit, its data directory
// is gone (the error is ErrDataDirGone), or Close is called, and closes the engine.
func (e *Engine) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	idle := make(chan struct{})
	if e.options.IdleExit > 0 {
		go e.watchIdle(ctx, idle)
	}
	go e.watchDataDir(ctx)
	select {
	case <-ctx.Done():
	case <-e.gone:
		// What lies at the path now, if anything, is another engine's.
		e.fleet.Disown()
		return errors.Join(fmt.Errorf("%w: %s", ErrDataDirGone, e.options.DataDir), e.Close())
	case <-idle:
		e.options.Log.Info("engine ends: idle", "for", e.options.IdleExit)
	case err := <-e.served:
		e.served <- err
		if !errors.Is(err, http.ErrServerClosed) {
			return errors.Join(fmt.Errorf("serve on %s: %w", e.URL(), err), e.Close())
		}
	}
	return e.Close()
}

// Close ends the engine: requests in flight are finished, jobs and serving processes
// are stopped and stay recorded, so that the next engine takes them up again.
func (e *Engine) Close() error {
	e.closing.Do(func() { e.closed = e.shutdown() })
	return e.closed
}

func (e *Engine) shutdown() error {
	var failures []error
	if e.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		if err := e.server.Shutdown(ctx); err != nil {
			failures = append(failures, e.server.Close())
		}
	} else if e.listener != nil {
		failures = append(failures, e.listener.Close())
	}
	if e.hosting != nil {
		e.hosting.Close()
	}
	if e.jobs != nil {
		e.jobs.Close()
	}
	if e.fleet != nil {
		failures = append(failures, e.fleet.Close())
	}
	if e.store != nil {
		failures = append(failures, e.store.Close())
	}
	// Last: who gets the lock may rely on nothing of this engine being alive.
	if e.lock != nil {
		failures = append(failures, e.lock.Release())
	}
	return errors.Join(failures...)
}

func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen address %q: want host:port, such as 127.0.0.1:0: %w", address, err)
	}
	if !loopback(host) {
		return fmt.Errorf("listen address %q: the engine has no authentication and listens on loopback only; use 127.0.0.1, ::1 or localhost", address)
	}
	return nil
}

// localDomain holds names that resolve to this machine wherever they resolve (RFC 6761).
const localDomain = ".localhost"

// loopback tells whether a host name or address can only mean this machine.
func loopback(host string) bool {
	if host = strings.ToLower(host); host == "localhost" || strings.HasSuffix(host, localDomain) {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: another program has this port; choose another one, or port 0 for any free one: %w", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// explainDataDir says what to do about a data directory that cannot be used.
func explainDataDir(dir string, err error) error { return datadir.Explain(dir, err) }
