//go:build linux || darwin

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/faults"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// execution runs one schedule.
type execution struct {
	schedule
	w       *world
	h       *history
	console *console
	// settled says that nothing is under way or undone in the configuration of a state, so that a rejection has to leave
	// everything as it is.
	settled map[string]bool
}

// applyTimeout bounds one apply: everything here takes seconds.
const applyTimeout = 90 * time.Second

func (x *execution) do(ctx context.Context, s step) error {
	switch s.between {
	case kills:
		x.w.note("kill -9 of the engine")
		x.w.killEngine(ctx, x.base.AWS)
	case restarts:
		x.w.note("engine stopped and started")
		if err := x.w.stopEngine(); err != nil {
			return err
		}
		x.w.tally.add("engine restarts")
		return x.w.ensure(ctx)
	case acts:
		x.console.do(ctx, s.act, x.w.states[s.state], s.pick)
		x.unsettle("")
	case jumps:
		x.w.note("clock %+v", s.jump)
		x.unsettle("")
		return x.w.jump(s.jump)
	}
	if len(s.applies) == 2 {
		x.w.tally.add("applies on two states at once")
		x.unsettle("")
		var group sync.WaitGroup
		errs := make([]error, 2)
		for i, a := range s.applies {
			group.Go(func() { _, errs[i] = x.apply(ctx, a, true) })
		}
		group.Wait()
		x.unsettle("")
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, a := range s.applies {
		before, err := x.snapshot(ctx)
		if err != nil {
			return err
		}
		wasSettled := x.settled[a.state]
		if _, err := x.apply(ctx, a, false); err != nil {
			return err
		}
		if a.change == bad && wasSettled && a.act == "" && a.jump == 0 {
			after, err := x.snapshot(ctx)
			if err != nil {
				return err
			}
			x.w.tally.add("rejections held against champion and endpoint")
			if before != after {
				x.w.violated("a rejected candidate changed the champion or an endpoint:\n  before %s\n  after  %s", before, after)
			}
		}
	}
	return nil
}

// unsettle forgets that anything is settled, except a state's own.
func (x *execution) unsettle(except string) {
	for name := range x.settled {
		if name != except {
			x.settled[name] = false
		}
	}
}

// edit changes a configuration as the step says, and returns what to ask of Terraform.
func (x *execution) edit(s *state, c change, pick int) task {
	t := task{Mode: minicore.Apply}
	switch c {
	case good:
		s.good += 2
		s.spec.Quality, s.spec.Candidate = s.good, ""
	case bad:
		s.bad += 2
		s.spec.Quality, s.spec.Candidate = s.bad, ""
	case rollback:
		if approved := x.h.approved(); len(approved) > 0 {
			s.spec.Candidate = approved[pick%len(approved)].ModelPackageARN
		}
	case retrain:
		t.Replace = []string{"titanicml_training_run.t"}
	case reevaluate:
		t.Replace = []string{"titanicml_evaluation.e"}
	case tighten:
		s.spec.Tightened = !s.spec.Tightened
	case hold:
		s.spec.Hold = !s.spec.Hold
	case destroy:
		t.Mode = minicore.Destroy
	}
	return t
}

// apply applies with everything that is to go wrong.
func (x *execution) apply(ctx context.Context, a apply, concurrent bool) (*result, error) {
	s := x.w.states[a.state]
	x.w.note("%s", a)
	t := x.edit(s, a.change, a.pick)
	var env []string
	var mu sync.Mutex
	var process running
	var background sync.WaitGroup
	defer background.Wait()
	signal := func(pid func() int, sig syscall.Signal) bool {
		id := pid()
		return id > 1 && syscall.Kill(id, sig) == nil
	}
	killed := false
	strike := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if a.kill.engine {
			return x.w.killEngine(ctx, x.base.AWS)
		}
		if process == nil || !signal(process.victim, syscall.SIGKILL) {
			return false
		}
		killed = true
		x.w.tally.add("provider killed (SIGKILL)")
		return true
	}
	plan := faults.Plan{Seed: a.seed, Throttle: a.throttle, Drop: a.drop, Repeat: a.repeat}
	if a.kill.request > 0 {
		plan.Events = append(plan.Events, faults.Event{Request: a.kill.request, Served: a.kill.served, Do: strike})
	}
	if a.act != "" {
		plan.Events = append(plan.Events, faults.Event{Request: a.actAt, Do: func() bool {
			if a.act == stopJobs { // which waits for a job, and that for us
				background.Go(func() { x.console.do(ctx, a.act, s, a.pick) })
			} else {
				x.console.do(ctx, a.act, s, a.pick)
			}
			return false
		}})
	}
	if a.interrupt > 0 {
		plan.Events = append(plan.Events, faults.Event{Request: a.interrupt, Do: func() bool {
			mu.Lock()
			defer mu.Unlock()
			if process != nil {
				process.interrupt()
				x.w.tally.add("applies interrupted (SIGINT)")
			}
			return false
		}})
	}
	if a.jump != 0 {
		plan.Events = append(plan.Events, faults.Event{Request: a.jumpAt, Do: func() bool {
			if err := x.w.jump(a.jump); err != nil {
				x.w.note("clock not moved: %v", err)
			}
			return false
		}})
	}
	if a.kill.point != "" {
		env = append(env, "TITANICML_TEST_KILL_AT="+a.kill.point)
		if a.kill.engine {
			env = append(env, "TITANICML_TEST_KILL_LOCK="+filepath.Join(x.w.data, datadir.LockFile))
		}
	}
	s.proxy.Begin(plan)
	limited, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	mu.Lock()
	p, err := x.w.start(limited, s, t, env)
	process = p
	mu.Unlock()
	if err != nil {
		return nil, err
	}
	if a.kill.after > 0 {
		timer := time.AfterFunc(a.kill.after, func() { strike() })
		defer timer.Stop()
	}
	r, err := p.wait()
	counts := s.proxy.Counts()
	for _, what := range []string{faults.Throttled, faults.Dropped, faults.DroppedLate, faults.Repeated} {
		x.w.tally.addN("requests "+what, counts[what])
	}
	if a.kill.point != "" {
		err = firstOf(err, x.afterPoint(ctx, a.kill, r))
	}
	mu.Lock()
	defer mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		x.w.violated("the process that applies broke: %v", err)
		return &result{Killed: true}, nil
	}
	calm := a.kill.none() && a.act == "" && a.interrupt == 0 && a.jump == 0 && !concurrent
	x.judge(s, r, calm, killed || a.kill.point != "" || limited.Err() != nil)
	if limited.Err() != nil {
		x.w.violated("an apply took longer than %s", applyTimeout)
	}
	x.unsettle(a.state)
	x.settled[a.state] = !r.Killed && !r.Failed() && a.act == "" && a.jump == 0 && !concurrent
	return r, nil
}

// afterPoint finds out whether the run came by its named point, where the provider does the killing.
func (x *execution) afterPoint(ctx context.Context, k kill, r *result) error {
	if !k.engine {
		if r != nil && (r.Killed || slices.ContainsFunc(r.Diagnostics, lostPlugin)) {
			x.w.tally.add("provider killed (SIGKILL)")
		}
		return nil
	}
	if _, held, err := datadir.Find(x.w.data); err == nil && !held {
		x.w.tally.add("engine killed (SIGKILL)")
	}
	if x.base.AWS {
		return x.w.ensure(ctx)
	}
	return nil
}

// lostPlugin says whether a diagnostic is Terraform's about a provider process that is gone.
func lostPlugin(d minicore.Diagnostic) bool {
	text := d.Summary + d.Detail
	return strings.Contains(text, "Plugin did not respond") || strings.Contains(text, "EOF") || strings.Contains(text, "plugin")
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// judge notes what came of an apply, and finds what no provider may say or do.
func (x *execution) judge(s *state, r *result, calm, killed bool) {
	said := []string{}
	for _, d := range r.Diagnostics {
		if !d.Error {
			continue
		}
		text := d.Summary + ": " + d.Detail
		said = append(said, d.Address+": "+brief(d.Summary))
		x.w.tally.add("refusals and errors said by the provider")
		switch {
		case killed && lostPlugin(d):
		case d.Summary == minicore.InconsistentPlan:
			x.w.tally.add("Terraform's \"inconsistent final plan\"")
			if calm {
				x.w.violated("inconsistent final plan without anybody else at work: %s", d.Detail)
			}
		case !calm && d.Summary == "execution halted": // Terraform's own word after Ctrl-C
		case strings.TrimSpace(d.Detail) == "":
			x.w.violated("an error without a word on what to do: %s", d.Summary)
		default:
			for _, never := range []string{"panic", "runtime error", "nil pointer", "This is a bug", "inconsistent result after apply", "Plugin did not respond", "%!"} {
				if strings.Contains(text, never) {
					x.w.violated("an error that nobody should read: %s", text)
				}
			}
		}
	}
	if !r.Killed && !r.Failed() {
		s.last = s.spec
	}
	for _, b := range r.Broken {
		x.w.violated("%s", b)
	}
	switch {
	case r.Killed:
		x.w.note("  -> %s killed after %s", s.spec.State, r.took.Round(time.Millisecond))
	case len(said) > 0:
		x.w.note("  -> %s failed after %s: %s", s.spec.State, r.took.Round(time.Millisecond), strings.Join(said, "; "))
	default:
		x.w.note("  -> %s done after %s: %d changes", s.spec.State, r.took.Round(time.Millisecond), len(r.Changes))
	}
}

func brief(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if len(line) > 200 {
		line = line[:200] + "..."
	}
	return line
}

// quiet runs a state without any faults.
func (x *execution) quiet(ctx context.Context, s *state, t task) (*result, error) {
	s.proxy.Begin(faults.Plan{})
	limited, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	p, err := x.w.start(limited, s, t, nil)
	if err != nil {
		return nil, err
	}
	r, err := p.wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || r.Killed {
		return nil, fmt.Errorf("%s %s without faults broke after %s: %w", t.Mode, s.spec.State, time.Since(x.w.begin).Round(time.Second), firstOf(err, limited.Err()))
	}
	return r, nil
}
