package serving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
)

const (
	PingInterval = 10 * time.Second       // between the health checks of a process in service
	PingFailures = 3                      // in a row, after which it is replaced
	FirstBackoff = 100 * time.Millisecond // before a lost process is started again, doubled each time

	defaultStartup = 60 * time.Second
	pingTimeout    = 2 * time.Second // as SageMaker gives /ping
	pingPause      = 10 * time.Millisecond
	lastBackoff    = 10 * time.Second
	drainTimeout   = 65 * time.Second // longer than any invocation may take
)

// Spec says what to run, where, and whom to tell.
type Spec struct {
	Variant string // the production variant, as messages name it
	Region  string
	Argv    []string
	Env     map[string]string

	// Stage puts the model into dir. May be nil.
	Stage   func(ctx context.Context, dir string) error
	Startup time.Duration // how long it may take to be healthy; 0: 60s
	Grace   time.Duration // between SIGTERM and SIGKILL

	Base string // the directory that stands for /opt/ml
	Log  string // the file of its output

	After  func(time.Duration) <-chan time.Time
	Logger *slog.Logger

	// Lost is called when the process has ended or failed its health checks, Back when it is
	// healthy again.
	Lost func(reason string)
	Back func()
}

// Process is one serving process with what keeps it alive: when it ends unasked it is started
// again, on another port, in the same base directory.
type Process struct {
	spec Spec
	life context.Context // ends with the engine

	healthy   atomic.Bool
	url       atomic.Pointer[string] // http://127.0.0.1:port
	flight    *flight
	transport *http.Transport // its own, so that its connections can be closed before it ends

	mu      sync.Mutex
	group   *container.Group
	ending  bool
	stopped chan struct{} // closed when it ends for good
	watched sync.WaitGroup
}

// New returns a process that is not started yet. It is not started again once life has ended.
func New(life context.Context, spec Spec) *Process {
	return &Process{spec: spec, life: life, flight: newFlight(), transport: newTransport(), stopped: make(chan struct{})}
}

// Variant is the production variant that the process serves.
func (p *Process) Variant() string { return p.spec.Variant }

// Healthy tells whether it answers its health checks.
func (p *Process) Healthy() bool { return p.healthy.Load() }

// Enter reserves the process for an invocation, which Leave ends; false when it takes none.
func (p *Process) Enter() bool { return p.healthy.Load() && p.flight.enter() }

// Leave ends an invocation.
func (p *Process) Leave() { p.flight.leave() }

// URL is where the process listens now, once it has been started.
func (p *Process) URL() string { return *p.url.Load() }

// RoundTrip sends a request to the process.
func (p *Process) RoundTrip(r *http.Request) (*http.Response, error) { return p.transport.RoundTrip(r) }

// Start stages the model, starts the process and returns when it answers /ping.
func (p *Process) Start(ctx context.Context) error {
	model := filepath.Join(p.spec.Base, "model")
	if err := os.MkdirAll(model, 0o755); err != nil {
		return fmt.Errorf("make the model's directory: %w", err)
	}
	if p.spec.Stage != nil {
		if err := p.spec.Stage(ctx, model); err != nil {
			return fmt.Errorf("the model data of production variant %s cannot be used: %w", p.spec.Variant, err)
		}
	}
	if err := p.launch(ctx); err != nil {
		return err
	}
	p.healthy.Store(true)
	p.watched.Go(p.supervise)
	return nil
}

// launch starts the process once and waits for its health.
func (p *Process) launch(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := p.try(ctx)
		if errors.Is(err, errPortTaken) && attempt < 5 {
			continue
		}
		return err
	}
}

var errPortTaken = errors.New("another program took the port meanwhile")

func (p *Process) try(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	out, err := openServingLog(p.spec.Log)
	if err != nil {
		return err
	}
	p.mu.Lock()
	if p.ending {
		p.mu.Unlock()
		out.Close()
		return context.Canceled
	}
	env := container.ServingEnv(p.spec.Region, p.spec.Base, port, p.spec.Env)
	g, err := container.StartGroup(p.spec.Argv, filepath.Dir(p.spec.Base), p.spec.Base, env, out)
	p.group = g
	p.mu.Unlock()
	if err != nil {
		out.Close()
		return fmt.Errorf("the container of production variant %s cannot be started: %w", p.spec.Variant, err)
	}
	go func() {
		<-g.Done()
		out.Close()
	}()
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	if err := p.awaitHealth(ctx, g, url, out); err != nil {
		g.Kill()
		<-g.Done()
		if !free(port) {
			return errPortTaken
		}
		return err
	}
	p.url.Store(&url)
	return nil
}

// awaitHealth polls /ping until it answers 200.
func (p *Process) awaitHealth(ctx context.Context, g *container.Group, url string, out *servingLog) error {
	limit := p.spec.Startup
	if limit <= 0 {
		limit = defaultStartup
	}
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	unhealthy := func(detail string) error {
		text := fmt.Sprintf("The primary container for production variant %s did not pass the ping health check: %s. Its log is %s", p.spec.Variant, detail, p.spec.Log)
		if last := out.lastLine(); last != "" {
			text += "; it ends with: " + last
		}
		return errors.New(text)
	}
	last := "it did not listen"
	for {
		status, err := p.ping(ctx, url)
		switch {
		case err == nil && status == http.StatusOK:
			return nil
		case err == nil:
			last = fmt.Sprintf("GET /ping answered %d, want 200", status)
		}
		select {
		case <-g.Done():
			return unhealthy(fmt.Sprintf("it ended with %s before it was healthy", g.State()))
		case <-deadline.C:
			return unhealthy(fmt.Sprintf("after %s %s", limit, last))
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pingPause):
		}
	}
}

func (p *Process) ping(ctx context.Context, url string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ping", nil)
	if err != nil {
		return 0, err
	}
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	resp.Body.Close()
	return resp.StatusCode, nil
}

// supervise restarts the process when it ends unasked or stops answering /ping.
func (p *Process) supervise() {
	for {
		reason, ended := p.attend()
		if ended {
			return
		}
		p.healthy.Store(false)
		p.spec.Logger.Warn("serving process lost, starting it again", "reason", reason, "log", p.spec.Log)
		p.spec.Lost(reason)
		for wait := FirstBackoff; ; wait = min(2*wait, lastBackoff) {
			select {
			case <-p.spec.After(wait):
			case <-p.stopped:
				return
			}
			err := p.launch(p.life)
			if err == nil {
				break
			}
			select {
			case <-p.stopped:
				return
			default:
				p.spec.Logger.Warn("serving process does not come back", "error", err)
			}
		}
		p.healthy.Store(true)
		p.spec.Logger.Info("serving process is back")
		p.spec.Back()
	}
}

// attend returns when the process needs a restart (with the reason) or has ended for good.
func (p *Process) attend() (reason string, ended bool) {
	p.mu.Lock()
	g := p.group
	p.mu.Unlock()
	for failures := 0; ; {
		select {
		case <-p.stopped:
			return "", true
		case <-g.Done():
			select {
			case <-p.stopped:
				return "", true
			default:
				return "the container ended with " + g.State().String(), false
			}
		case <-p.spec.After(PingInterval):
			status, err := p.ping(p.life, *p.url.Load())
			if err == nil && status == http.StatusOK {
				failures = 0
				continue
			}
			if failures++; failures >= PingFailures {
				g.Kill()
				<-g.Done()
				return fmt.Sprintf("the container failed %d health checks in a row", failures), false
			}
		}
	}
}

// End takes the process out of service for good: no new invocations, those in flight finish
// (unless ctx ends), then SIGTERM and, after the grace, SIGKILL.
func (p *Process) End(ctx context.Context) {
	drained := p.flight.close()
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	case <-ctx.Done():
	}
	// A connection that was dialled and never used looks busy to a server that shuts down.
	p.transport.CloseIdleConnections()
	p.mu.Lock()
	if !p.ending {
		p.ending = true
		close(p.stopped)
	}
	g := p.group
	p.mu.Unlock()
	if g != nil {
		g.Terminate()
		grace := time.NewTimer(p.spec.Grace)
		defer grace.Stop()
		select {
		case <-g.Done():
		case <-grace.C:
			g.Kill()
			<-g.Done()
		}
	}
	p.watched.Wait()
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               nil, // containers are on loopback whatever the environment says
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 512,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
		WriteBufferSize:     16 << 10,
		ReadBufferSize:      16 << 10,
	}
}

// freePort asks the kernel for a port. Until the container binds it another program could, which
// try notices.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
