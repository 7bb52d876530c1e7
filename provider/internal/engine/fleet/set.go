package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet/serving"
)

// fleetDir holds the base directories of the processes, below the endpoint's; logsDir their logs,
// which outlive them.
const (
	fleetDir = "fleet"
	logsDir  = "logs"
)

// set is a configuration with its running processes: the blue or the green fleet.
type set struct {
	f     *Fleet
	key   Key
	cfg   Config
	dir   string
	view  atomic.Pointer[view]
	watch *watch // judges it while it bakes
	seq   int    // of its processes
}

// view is what invocations choose from. It is replaced, never changed.
type view struct {
	variants []variantView
	total    float64 // of the weights
}

type variantView struct {
	name      string
	weight    float64
	spec      Variant
	instances []*serving.Process
	turn      *atomic.Uint32
}

func newView(variants []variantView) *view {
	v := &view{variants: variants}
	for _, x := range variants {
		v.total += x.weight
	}
	return v
}

// choose picks a variant: the target when one is asked for, else by weight.
func (v *view) choose(target string) *variantView {
	if target != "" {
		for i := range v.variants {
			if v.variants[i].name == target {
				return &v.variants[i]
			}
		}
		return nil
	}
	if len(v.variants) == 1 {
		return &v.variants[0]
	}
	at := rand.Float64() * v.total
	for i := range v.variants {
		if at -= v.variants[i].weight; at < 0 {
			return &v.variants[i]
		}
	}
	for i := range v.variants { // rounding used the last of it up
		if v.variants[i].weight > 0 {
			return &v.variants[i]
		}
	}
	return nil
}

// acquire reserves a healthy process for one invocation, nil when there is none.
func (v *variantView) acquire() *serving.Process {
	n := uint32(len(v.instances))
	if n == 0 {
		return nil
	}
	first := v.turn.Add(1)
	for k := range n {
		if i := v.instances[(first+k)%n]; i.Enter() {
			return i
		}
	}
	return nil
}

// newSet starts every process of cfg and returns when all are healthy. On an error nothing of it is
// left.
func (f *Fleet) newSet(ctx context.Context, e *endpoint, cfg Config, alarms Alarms) (*set, error) {
	s := &set{f: f, key: e.key, cfg: cfg, watch: newWatch(alarms),
		dir: filepath.Join(f.o.Dir, e.key.Region, e.key.Endpoint, fleetDir, strconv.FormatInt(e.seq.Add(1), 10))}
	if len(cfg.Variants) == 0 {
		return nil, errors.New("the endpoint configuration has no production variant")
	}
	for _, v := range cfg.Variants {
		if len(v.Argv) == 0 {
			return nil, fmt.Errorf("the container of production variant %s cannot be started: %s", v.Name, v.Unmapped)
		}
	}
	variants := make([]variantView, len(cfg.Variants))
	for i, v := range cfg.Variants {
		variants[i] = variantView{name: v.Name, weight: v.Weight, spec: v, turn: new(atomic.Uint32)}
		for range max(v.Count, 1) {
			variants[i].instances = append(variants[i].instances, s.newInstance(v))
		}
	}
	s.view.Store(newView(variants))
	if err := startAll(ctx, s.instances()); err != nil {
		s.retire(ctx)
		return nil, err
	}
	return s, nil
}

// startsAtOnce bounds how many processes start side by side: a hundred that start together on one
// machine would all be late for their health check.
const startsAtOnce = 16

// startAll starts processes side by side; the first failure cancels the rest.
func startAll(ctx context.Context, instances []*serving.Process) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, startsAtOnce)
	for _, i := range instances {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return
			}
			if err := i.Start(ctx); err != nil {
				cancel(err) // only the first counts
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (s *set) instances() []*serving.Process {
	var out []*serving.Process
	for _, v := range s.view.Load().variants {
		out = append(out, v.instances...)
	}
	return out
}

// update changes weights and counts; the caller holds the endpoint's token.
func (s *set) update(ctx context.Context, wanted map[string]Weights) error {
	old := s.view.Load()
	for name := range wanted {
		if !slices.ContainsFunc(old.variants, func(v variantView) bool { return v.name == name }) {
			return fmt.Errorf("the endpoint has no production variant %s", name)
		}
	}
	variants := slices.Clone(old.variants)
	var more, less []*serving.Process
	for i := range variants {
		v := &variants[i]
		w := wanted[v.name]
		if w.Weight != nil {
			v.weight = *w.Weight
		}
		if w.Count == nil {
			continue
		}
		v.instances = slices.Clone(v.instances)
		for len(v.instances) < *w.Count {
			added := s.newInstance(v.spec)
			more = append(more, added)
			v.instances = append(v.instances, added)
		}
		if n := max(*w.Count, 0); len(v.instances) > n {
			less = append(less, v.instances[n:]...)
			v.instances = v.instances[:n]
		}
	}
	if err := startAll(ctx, more); err != nil {
		endAll(ctx, more)
		return err
	}
	s.view.Store(newView(variants))
	endAll(ctx, less)
	return nil
}

// retire drains and ends every process of the set and removes its models. Invocations choose no
// process of it any more.
func (s *set) retire(ctx context.Context) {
	endAll(ctx, s.instances())
	if s.f.disowned.Load() {
		return
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.f.o.Log.Warn("remove a retired fleet's models", "dir", s.dir, "error", err)
	}
}

func endAll(ctx context.Context, instances []*serving.Process) {
	var wg sync.WaitGroup
	for _, i := range instances {
		wg.Go(func() { i.End(ctx) })
	}
	wg.Wait()
}

func (s *set) newInstance(v Variant) *serving.Process {
	s.seq++
	name := v.Name + "-" + strconv.Itoa(s.seq)
	var p *serving.Process
	p = serving.New(s.f.ctx, serving.Spec{
		Variant: v.Name,
		Region:  s.key.Region,
		Argv:    v.Argv,
		Env:     maps.Clone(v.Env),
		Stage:   v.Stage,
		Startup: v.StartupTimeout,
		Grace:   s.f.o.Grace,
		Base:    filepath.Join(s.dir, name, "ml"),
		Log:     filepath.Join(s.f.o.Dir, s.key.Region, s.key.Endpoint, logsDir, s.cfg.Name+"-"+name+".log"),
		After:   s.f.o.After,
		Logger:  s.f.o.Log.With("endpoint", s.key.Endpoint, "variant", v.Name),
		Lost: func(reason string) {
			s.watch.lost(v.Name, reason)
			s.report(p, false, reason)
		},
		Back: func() { s.report(p, true, "") },
	})
	return p
}

// report tells the control plane when a variant lost its last process, or has one again.
func (s *set) report(p *serving.Process, healthy bool, reason string) {
	if s.f.o.OnHealth == nil {
		return
	}
	for _, v := range s.view.Load().variants {
		if v.name == p.Variant() && slices.ContainsFunc(v.instances, func(other *serving.Process) bool { return other != p && other.Healthy() }) {
			return
		}
	}
	s.f.o.OnHealth(s.key, p.Variant(), healthy, reason)
}
