package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
)

const (
	defaultStartup = 60 * time.Second
	pingTimeout    = 2 * time.Second // as SageMaker gives /ping
	pingPause      = 10 * time.Millisecond
	pingInterval   = 10 * time.Second // of a process in service
	pingFailures   = 3                // in a row, after which it is replaced
	firstBackoff   = 100 * time.Millisecond
	lastBackoff    = 10 * time.Second
	drainTimeout   = 65 * time.Second // longer than any invocation may take
)

// instance is one serving process with what keeps it alive: when it ends unasked it is started
// again, on another port, in the same base directory.
type instance struct {
	set  *set
	spec Variant
	env  map[string]string
	base string // stands for /opt/ml
	log  string

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

// start stages the model, starts the process and returns when it answers /ping.
func (i *instance) start(ctx context.Context) error {
	model := filepath.Join(i.base, "model")
	if err := os.MkdirAll(model, 0o755); err != nil {
		return fmt.Errorf("make the model's directory: %w", err)
	}
	if i.spec.Stage != nil {
		if err := i.spec.Stage(ctx, model); err != nil {
			return fmt.Errorf("the model data of production variant %s cannot be used: %w", i.spec.Name, err)
		}
	}
	if err := i.launch(ctx); err != nil {
		return err
	}
	i.healthy.Store(true)
	i.watched.Go(i.supervise)
	return nil
}

// launch starts the process once and waits for its health.
func (i *instance) launch(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := i.try(ctx)
		if errors.Is(err, errPortTaken) && attempt < 5 {
			continue
		}
		return err
	}
}

var errPortTaken = errors.New("another program took the port meanwhile")

func (i *instance) try(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	out, err := openServingLog(i.log)
	if err != nil {
		return err
	}
	i.mu.Lock()
	if i.ending {
		i.mu.Unlock()
		out.Close()
		return context.Canceled
	}
	env := container.ServingEnv(i.set.key.Region, i.base, port, i.env)
	g, err := container.StartGroup(i.spec.Argv, filepath.Dir(i.base), i.base, env, out)
	i.group = g
	i.mu.Unlock()
	if err != nil {
		out.Close()
		return fmt.Errorf("the container of production variant %s cannot be started: %w", i.spec.Name, err)
	}
	go func() {
		<-g.Done()
		out.Close()
	}()
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	if err := i.awaitHealth(ctx, g, url, out); err != nil {
		g.Kill()
		<-g.Done()
		if !free(port) {
			return errPortTaken
		}
		return err
	}
	i.url.Store(&url)
	return nil
}

// awaitHealth polls /ping until it answers 200.
func (i *instance) awaitHealth(ctx context.Context, g *container.Group, url string, out *servingLog) error {
	limit := i.spec.StartupTimeout
	if limit <= 0 {
		limit = defaultStartup
	}
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	unhealthy := func(detail string) error {
		text := fmt.Sprintf("The primary container for production variant %s did not pass the ping health check: %s. Its log is %s", i.spec.Name, detail, i.log)
		if last := out.lastLine(); last != "" {
			text += "; it ends with: " + last
		}
		return errors.New(text)
	}
	last := "it did not listen"
	for {
		status, err := i.ping(ctx, url)
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

func (i *instance) ping(ctx context.Context, url string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ping", nil)
	if err != nil {
		return 0, err
	}
	resp, err := i.transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	resp.Body.Close()
	return resp.StatusCode, nil
}

// supervise restarts the process when it ends unasked or stops answering /ping.
func (i *instance) supervise() {
	f := i.set.f
	for {
		reason, ended := i.attend()
		if ended {
			return
		}
		i.healthy.Store(false)
		i.set.watch.lost(i.spec.Name, reason)
		f.o.Log.Warn("serving process lost, starting it again", "endpoint", i.set.key.Endpoint, "variant", i.spec.Name, "reason", reason, "log", i.log)
		f.report(i, false, reason)
		for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
			select {
			case <-f.o.After(wait):
			case <-i.stopped:
				return
			}
			err := i.launch(f.ctx)
			if err == nil {
				break
			}
			select {
			case <-i.stopped:
				return
			default:
				f.o.Log.Warn("serving process does not come back", "endpoint", i.set.key.Endpoint, "variant", i.spec.Name, "error", err)
			}
		}
		i.healthy.Store(true)
		f.o.Log.Info("serving process is back", "endpoint", i.set.key.Endpoint, "variant", i.spec.Name)
		f.report(i, true, "")
	}
}

// attend returns when the process needs a restart (with the reason) or has ended for good.
func (i *instance) attend() (reason string, ended bool) {
	i.mu.Lock()
	g := i.group
	i.mu.Unlock()
	for failures := 0; ; {
		select {
		case <-i.stopped:
			return "", true
		case <-g.Done():
			select {
			case <-i.stopped:
				return "", true
			default:
				return "the container ended with " + g.State().String(), false
			}
		case <-i.set.f.o.After(pingInterval):
			status, err := i.ping(i.set.f.ctx, *i.url.Load())
			if err == nil && status == http.StatusOK {
				failures = 0
				continue
			}
			if failures++; failures >= pingFailures {
				g.Kill()
				<-g.Done()
				return fmt.Sprintf("the container failed %d health checks in a row", failures), false
			}
		}
	}
}

// report tells the control plane when a variant lost its last process, or has one again.
func (f *Fleet) report(i *instance, healthy bool, reason string) {
	if f.o.OnHealth == nil {
		return
	}
	others := 0
	for _, v := range i.set.view.Load().variants {
		for _, x := range v.instances {
			if v.name == i.spec.Name && x != i && x.healthy.Load() {
				others++
			}
		}
	}
	if others == 0 {
		f.o.OnHealth(i.set.key, i.spec.Name, healthy, reason)
	}
}

// end takes the process out of service for good: no new invocations, those in flight finish
// (unless ctx ends), then SIGTERM and, after the grace, SIGKILL.
func (i *instance) end(ctx context.Context) {
	drained := i.flight.close()
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	case <-ctx.Done():
	}
	// A connection that was dialled and never used looks busy to a server that shuts down.
	i.transport.CloseIdleConnections()
	i.mu.Lock()
	if !i.ending {
		i.ending = true
		close(i.stopped)
	}
	g := i.group
	i.mu.Unlock()
	if g != nil {
		g.Terminate()
		grace := time.NewTimer(i.set.f.o.Grace)
		defer grace.Stop()
		select {
		case <-g.Done():
		case <-grace.C:
			g.Kill()
			<-g.Done()
		}
	}
	i.watched.Wait()
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

// flight counts invocations in flight and refuses more once closed.
type flight struct {
	mu     sync.Mutex
	n      int
	closed bool
	empty  chan struct{}
}

func newFlight() *flight { return &flight{empty: make(chan struct{})} }

func (f *flight) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.n++
	return true
}

func (f *flight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.closed {
		close(f.empty)
	}
}

// close refuses further invocations; the channel is closed when none is in flight.
func (f *flight) close() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		if f.n == 0 {
			close(f.empty)
		}
	}
	return f.empty
}

// servingLog is a file that starts afresh at a size, keeping the one before: a process that serves
// for weeks cannot fill the disk.
type servingLog struct {
	mu   sync.Mutex
	path string
	f    *os.File
	size int64
	last []byte
}

const maxServingLog = 4 << 20

func openServingLog(path string) (*servingLog, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the log directory: %w", err)
	}
	l := &servingLog{path: path}
	return l, l.open(os.O_APPEND)
}

func (l *servingLog) open(how int) error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	l.f = f
	if info, err := f.Stat(); err == nil {
		l.size = info.Size()
	}
	return nil
}

// Write never fails: a full disk costs the log, not the endpoint.
func (l *servingLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = append(l.last, p[max(0, len(p)-512):]...)
	l.last = l.last[max(0, len(l.last)-512):]
	if l.f == nil {
		return len(p), nil
	}
	if l.size+int64(len(p)) > maxServingLog && l.size > 0 {
		l.f.Close()
		l.f = nil
		os.Rename(l.path, l.path+".1")
		if l.open(os.O_TRUNC) != nil {
			return len(p), nil
		}
	}
	n, _ := l.f.Write(p[:min(len(p), maxServingLog)])
	l.size += int64(n)
	return len(p), nil
}

// Close ends the log; what is written later is dropped.
func (l *servingLog) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.f.Close()
		l.f = nil
	}
}

func (l *servingLog) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(l.last), "\uFFFD")), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
