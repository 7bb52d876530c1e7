package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Deploy brings cfg into service on key and returns when all traffic is on it (Switched was
// reported, and the old fleet has been terminated). The first deployment of a key has nothing to
// roll back to: its error leaves the endpoint without a fleet. An error of type *RollbackError on a
// later one means that the former configuration serves as before. One deployment per key at a
// time, else ErrBusy. A cancelled ctx (endpoint deleted, engine going down) abandons the new fleet
// as long as the old one serves. progress may be nil.
func (f *Fleet) Deploy(ctx context.Context, key Key, cfg Config, roll Rollout, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()
	e := f.endpoint(key, true)
	select {
	case e.change <- struct{}{}:
		defer func() { <-e.change }()
	default:
		return ErrBusy
	}
	d := &deployment{f: f, e: e, roll: roll, progress: progress}
	if roll.MaxExecution > 0 {
		d.limit = f.o.After(roll.MaxExecution)
	}
	return d.run(ctx, cfg)
}

// deployment is one rollout under way.
type deployment struct {
	f        *Fleet
	e        *endpoint
	roll     Rollout
	progress func(Progress)
	limit    <-chan time.Time
	next     *set
}

func (d *deployment) run(ctx context.Context, cfg Config) error {
	d.progress(Progress{Phase: Starting})
	before := d.e.route.Load()
	started := make(chan error, 1)
	startCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		var err error
		d.next, err = d.f.newSet(startCtx, d.e, cfg, d.roll.Alarms)
		started <- err
	}()
	var err error
	select {
	case err = <-started:
	case <-d.limit:
		cancel(errors.New(d.tooLong()))
		err = <-started
		if err == nil { // it came up in that moment, and is too late
			err = errors.New(d.tooLong())
			d.next.retire(ctx)
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if before == nil {
			return err
		}
		return d.rolledBack(err.Error())
	}
	if before == nil {
		d.e.route.Store(&routing{serving: d.next})
		d.progress(Progress{Phase: Switched, Percent: 100})
		d.progress(Progress{Phase: Done, Percent: 100})
		return nil
	}
	if err := d.shift(ctx, before.serving); err != nil {
		if ctx.Err() != nil { // nobody is told of a rollback that only the end of the engine causes
			d.e.route.Store(&routing{serving: before.serving})
			d.next.retire(ctx)
			return ctx.Err()
		}
		d.progress(Progress{Phase: RollingBack, Message: err.Error()})
		d.e.route.Store(&routing{serving: before.serving})
		d.next.retire(ctx)
		return d.rolledBack(err.Error())
	}
	d.progress(Progress{Phase: Switched, Percent: 100})
	d.terminate(ctx, before.serving)
	d.progress(Progress{Phase: Done, Percent: 100})
	return nil
}

func (d *deployment) rolledBack(reason string) error {
	return &RollbackError{Reason: reason}
}

func (d *deployment) tooLong() string {
	return fmt.Sprintf("The deployment took longer than its MaximumExecutionTimeoutInSeconds of %g and was rolled back.", d.roll.MaxExecution.Seconds())
}

// shift moves the traffic in the rollout's steps, each followed by its bake, and returns why the
// old fleet should have it back, or nil with all traffic on the new one.
func (d *deployment) shift(ctx context.Context, old *set) error {
	d.next.watch.open()
	defer d.next.watch.close()
	for _, percent := range steps(d.roll) {
		r := &routing{serving: old, next: d.next, share: percent / 100}
		d.e.route.Store(r)
		d.progress(Progress{Phase: Baking, Percent: percent})
		if d.roll.WaitInterval <= 0 {
			continue
		}
		select {
		case <-d.f.o.After(d.roll.WaitInterval):
		case reason := <-d.next.watch.alarm:
			return errors.New(reason)
		case <-d.limit:
			return errors.New(d.tooLong())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// The bake and an alarm may have come together.
	select {
	case reason := <-d.next.watch.alarm:
		return errors.New(reason)
	default:
	}
	d.e.route.Store(&routing{serving: d.next})
	return nil
}

// steps lists the percentages of a rollout, 100 last.
func steps(r Rollout) []float64 {
	size := min(max(r.StepPercent, 1), 100)
	var out []float64
	switch r.Strategy {
	case Canary:
		out = append(out, size)
	case Linear:
		for p := size; p < 100; p += size {
			out = append(out, p)
		}
	}
	if len(out) == 0 || out[len(out)-1] < 100 {
		out = append(out, 100)
	}
	return out
}

// terminate ends the old fleet after its wait. A cancelled ctx shortens the wait, as the new fleet
// serves already.
func (d *deployment) terminate(ctx context.Context, old *set) {
	d.progress(Progress{Phase: Terminating, Percent: 100})
	if d.roll.TerminationWait > 0 {
		select {
		case <-d.f.o.After(d.roll.TerminationWait):
		case <-ctx.Done():
		}
	}
	old.retire(ctx)
}

// watch judges the new fleet while it bakes.
type watch struct {
	a     Alarms
	alarm chan string // holds the first alarm
	on    atomic.Bool // spares invocations the lock at other times

	mu        sync.Mutex
	total     int
	errors    int
	latencies []time.Duration // a ring of the last ones
}

// latencyWindow bounds what the latency alarm looks at.
const latencyWindow = 1000

func newWatch(a Alarms) *watch {
	a.MinRequests = max(a.MinRequests, 1)
	return &watch{a: a, alarm: make(chan string, 1)}
}

func (w *watch) open() { w.on.Store(true) }

func (w *watch) close() { w.on.Store(false) }

func (w *watch) fire(reason string) {
	select {
	case w.alarm <- reason:
	default:
	}
}

// lost reports a process of the new fleet that ended unasked.
func (w *watch) lost(variant, reason string) {
	if w.on.Load() {
		w.fire(fmt.Sprintf("Production variant %s lost a container while the new fleet was baking: %s.", variant, reason))
	}
}

// saw counts one invocation of the new fleet.
func (w *watch) saw(failed bool, took time.Duration) {
	if !w.on.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total++
	if failed {
		w.errors++
	}
	if len(w.latencies) < latencyWindow {
		w.latencies = append(w.latencies, took)
	} else {
		w.latencies[w.total%latencyWindow] = took
	}
	if w.total < w.a.MinRequests {
		return
	}
	if rate := float64(w.errors) / float64(w.total); w.a.Max5xxRate > 0 && rate > w.a.Max5xxRate {
		w.fire(fmt.Sprintf("Alarm 5xx: %d of %d invocations of the new fleet failed, more than %g%%.", w.errors, w.total, 100*w.a.Max5xxRate))
	}
	// Sorting at each request would cost more than the request.
	if w.a.MaxP95Latency > 0 && (w.total == w.a.MinRequests || w.total%64 == 0) {
		sorted := slices.Sorted(slices.Values(w.latencies))
		if p95 := sorted[(len(sorted)*95+99)/100-1]; p95 > w.a.MaxP95Latency {
			w.fire(fmt.Sprintf("Alarm latency: the 95th percentile of %d invocations of the new fleet is %s, more than %s.", w.total, p95, w.a.MaxP95Latency))
		}
	}
}
