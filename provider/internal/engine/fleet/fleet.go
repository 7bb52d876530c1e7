package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
)

// defaultGrace is what a serving process gets between SIGTERM and SIGKILL.
const defaultGrace = 10 * time.Second

// ErrBusy is returned when a deployment or a change of the endpoint is under way already.
var ErrBusy = errors.New("the endpoint is being changed already")

// Fleet serves any number of endpoints.
type Fleet struct {
	o      Options
	ctx    context.Context // ends with Close: what supervises processes lives under it
	cancel context.CancelFunc

	disowned atomic.Bool // see Disown

	mu        sync.RWMutex
	endpoints map[Key]*endpoint
}

// endpoint is what serves one key.
type endpoint struct {
	key    Key
	change chan struct{}           // a token, held while the endpoint is changed
	route  atomic.Pointer[routing] // nil: nothing serves
	seq    atomic.Int64
}

// routing says where invocations go. It is replaced, never changed.
type routing struct {
	serving *set
	next    *set    // takes part of the traffic while a rollout is under way; else nil
	share   float64 // of next, 0..1
}

// New returns an empty fleet and ends the serving processes that an earlier engine left behind.
func New(o Options) (*Fleet, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.InvocationTimeout <= 0 {
		o.InvocationTimeout = defaultInvocation
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the endpoints' directory: %w", err)
	}
	killed, err := container.KillLeftovers(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("end serving processes of an earlier engine: %w", err)
	}
	if killed > 0 {
		o.Log.Info("ended serving processes of an earlier engine", "processes", killed)
	}
	fleets, err := filepath.Glob(filepath.Join(o.Dir, "*", "*", fleetDir))
	if err != nil {
		return nil, err
	}
	for _, dir := range fleets {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("clear an earlier engine's models: %w", err)
		}
	}
	f := &Fleet{o: o, endpoints: map[Key]*endpoint{}}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f, nil
}

// endpoint returns the endpoint of key, making it when asked.
func (f *Fleet) endpoint(key Key, create bool) *endpoint {
	f.mu.RLock()
	e := f.endpoints[key]
	f.mu.RUnlock()
	if e != nil || !create {
		return e
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if e = f.endpoints[key]; e == nil {
		e = &endpoint{key: key, change: make(chan struct{}, 1)}
		f.endpoints[key] = e
	}
	return e
}

// Update changes weights and process counts of the serving configuration by variant name. It
// returns when new processes are healthy and superfluous ones have ended.
func (f *Fleet) Update(ctx context.Context, key Key, variants map[string]Weights) error {
	e := f.endpoint(key, false)
	if e == nil || e.route.Load() == nil {
		return fmt.Errorf("endpoint %s serves no configuration", key.Endpoint)
	}
	select {
	case e.change <- struct{}{}:
		defer func() { <-e.change }()
	default:
		return ErrBusy
	}
	r := e.route.Load()
	if r == nil {
		return fmt.Errorf("endpoint %s serves no configuration", key.Endpoint)
	}
	return r.serving.update(ctx, variants)
}

// Remove takes the endpoint out of service, drains what is in flight and ends its processes. A
// change under way has to be cancelled by its context; Remove waits for it. A cancelled ctx leaves
// the processes to Close.
func (f *Fleet) Remove(ctx context.Context, key Key) error {
	e := f.endpoint(key, false)
	if e == nil {
		return nil
	}
	r := e.route.Swap(nil)
	select {
	case e.change <- struct{}{}:
		defer func() { <-e.change }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if late := e.route.Swap(nil); late != nil { // a deployment ended in between
		if r != nil && r.serving != late.serving {
			r.serving.retire(ctx)
		}
		r = late
	}
	if r != nil {
		r.serving.retire(ctx)
	}
	f.mu.Lock()
	delete(f.endpoints, key)
	f.mu.Unlock()
	return os.RemoveAll(filepath.Join(f.o.Dir, key.Region, key.Endpoint))
}

// Status returns the serving configuration's name and variants; ok is false when nothing serves.
func (f *Fleet) Status(key Key) (config string, variants []VariantStatus, ok bool) {
	e := f.endpoint(key, false)
	if e == nil {
		return "", nil, false
	}
	r := e.route.Load()
	if r == nil {
		return "", nil, false
	}
	for _, v := range r.serving.view.Load().variants {
		s := VariantStatus{Name: v.name, Weight: v.weight, Count: len(v.instances)}
		for _, i := range v.instances {
			if i.Healthy() {
				s.Healthy++
			}
		}
		variants = append(variants, s)
	}
	return r.serving.cfg.Name, variants, true
}

// Disown leaves the fleet's directory alone from now on: it is gone, or belongs to somebody else.
func (f *Fleet) Disown() { f.disowned.Store(true) }

// Close ends every serving process, and returns when none lives. Deployments under way have to be
// cancelled by their contexts first, else Close waits for them.
func (f *Fleet) Close() error {
	f.cancel()
	f.mu.Lock()
	endpoints := make([]*endpoint, 0, len(f.endpoints))
	for _, e := range f.endpoints {
		endpoints = append(endpoints, e)
	}
	clear(f.endpoints)
	f.mu.Unlock()
	var wg sync.WaitGroup
	for _, e := range endpoints {
		wg.Go(func() {
			e.change <- struct{}{}
			defer func() { <-e.change }()
			if r := e.route.Swap(nil); r != nil {
				r.serving.retire(f.ctx)
			}
		})
	}
	wg.Wait()
	if f.disowned.Load() {
		return nil
	}
	// Nothing is left now, unless a container moved away from its group in its last moment.
	_, err := container.KillLeftovers(f.o.Dir)
	return err
}
