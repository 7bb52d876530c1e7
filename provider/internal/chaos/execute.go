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

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/faults"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/schedule"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/world"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// execution runs one schedule.
type execution struct {
	schedule.Schedule
	w       *world.World
	h       *world.History
	console *world.Console
	// settled says that nothing is under way or undone in the configuration of a state, so that a rejection has to leave
	// everything as it is.
	settled map[string]bool
}

// applyTimeout bounds one apply: everything here takes seconds.
const applyTimeout = 90 * time.Second

func (x *execution) do(ctx context.Context, s schedule.Step) error {
	switch s.Between {
	case schedule.Kills:
		x.w.Note("kill -9 of the engine")
		x.w.KillEngine(ctx, x.Base.AWS)
	case schedule.Restarts:
		x.w.Note("engine stopped and started")
		if err := x.w.StopEngine(); err != nil {
			return err
		}
		x.w.Tally.Add("engine restarts")
		return x.w.Ensure(ctx)
	case schedule.Acts:
		x.console.Do(ctx, s.Act, x.w.States[s.State], s.Pick)
		x.unsettle("")
	case schedule.Jumps:
		x.w.Note("clock %+v", s.Jump)
		x.unsettle("")
		return x.w.Jump(s.Jump)
	}
	if len(s.Applies) == 2 {
		x.w.Tally.Add("applies on two states at once")
		x.unsettle("")
		var group sync.WaitGroup
		errs := make([]error, 2)
		for i, a := range s.Applies {
			group.Go(func() { errs[i] = x.apply(ctx, a, true) })
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
	for _, a := range s.Applies {
		before, err := x.snapshot(ctx)
		if err != nil {
			return err
		}
		wasSettled := x.settled[a.State]
		if err := x.apply(ctx, a, false); err != nil {
			return err
		}
		if a.Change == schedule.Bad && wasSettled && a.Act == "" && a.Jump == 0 {
			after, err := x.snapshot(ctx)
			if err != nil {
				return err
			}
			x.w.Tally.Add("rejections held against champion and endpoint")
			if before != after {
				x.w.Violated("a rejected candidate changed the champion or an endpoint:\n  before %s\n  after  %s", before, after)
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
func (x *execution) edit(s *world.State, c schedule.Change, pick int) driver.Task {
	t := driver.Task{Mode: minicore.Apply}
	switch c {
	case schedule.Good:
		s.Good += 2
		s.Spec.Quality, s.Spec.Candidate = s.Good, ""
	case schedule.Bad:
		s.Bad += 2
		s.Spec.Quality, s.Spec.Candidate = s.Bad, ""
	case schedule.Rollback:
		if approved := x.h.Approved(); len(approved) > 0 {
			s.Spec.Candidate = approved[pick%len(approved)].ModelPackageARN
		}
	case schedule.Retrain:
		t.Replace = []string{"titanicml_training_run.t"}
	case schedule.Reevaluate:
		t.Replace = []string{"titanicml_evaluation.e"}
	case schedule.Tighten:
		s.Spec.Tightened = !s.Spec.Tightened
	case schedule.Hold:
		s.Spec.Hold = !s.Spec.Hold
	case schedule.Destroy:
		t.Mode = minicore.Destroy
	}
	return t
}

// apply applies with everything that is to go wrong.
func (x *execution) apply(ctx context.Context, a schedule.Apply, concurrent bool) error {
	s := x.w.States[a.State]
	x.w.Note("%s", a)
	t := x.edit(s, a.Change, a.Pick)
	var env []string
	var mu sync.Mutex
	var process driver.Running
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
		if a.Kill.Engine {
			return x.w.KillEngine(ctx, x.Base.AWS)
		}
		if process == nil || !signal(process.Victim, syscall.SIGKILL) {
			return false
		}
		killed = true
		x.w.Tally.Add("provider killed (SIGKILL)")
		return true
	}
	plan := faults.Plan{Seed: a.Seed, Throttle: a.Throttle, Drop: a.Drop, Repeat: a.Repeat}
	if a.Kill.Request > 0 {
		plan.Events = append(plan.Events, faults.Event{Request: a.Kill.Request, Served: a.Kill.Served, Do: strike})
	}
	if a.Act != "" {
		plan.Events = append(plan.Events, faults.Event{Request: a.ActAt, Do: func() bool {
			if a.Act == schedule.StopJobs { // which waits for a job, and that for us
				background.Go(func() { x.console.Do(ctx, a.Act, s, a.Pick) })
			} else {
				x.console.Do(ctx, a.Act, s, a.Pick)
			}
			return false
		}})
	}
	if a.Interrupt > 0 {
		plan.Events = append(plan.Events, faults.Event{Request: a.Interrupt, Do: func() bool {
			mu.Lock()
			defer mu.Unlock()
			if process != nil {
				process.Interrupt()
				x.w.Tally.Add("applies interrupted (SIGINT)")
			}
			return false
		}})
	}
	if a.Jump != 0 {
		plan.Events = append(plan.Events, faults.Event{Request: a.JumpAt, Do: func() bool {
			if err := x.w.Jump(a.Jump); err != nil {
				x.w.Note("clock not moved: %v", err)
			}
			return false
		}})
	}
	if a.Kill.Point != "" {
		env = append(env, "TITANICML_TEST_KILL_AT="+a.Kill.Point)
		if a.Kill.Engine {
			env = append(env, "TITANICML_TEST_KILL_LOCK="+filepath.Join(x.w.Data, datadir.LockFile))
		}
	}
	s.Proxy.Begin(plan)
	limited, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	mu.Lock()
	p, err := x.w.Start(limited, s, t, env)
	process = p
	mu.Unlock()
	if err != nil {
		return err
	}
	if a.Kill.After > 0 {
		timer := time.AfterFunc(a.Kill.After, func() { strike() })
		defer timer.Stop()
	}
	r, err := p.Wait()
	counts := s.Proxy.Counts()
	for _, what := range []string{faults.Throttled, faults.Dropped, faults.DroppedLate, faults.Repeated} {
		x.w.Tally.AddN("requests "+what, counts[what])
	}
	if a.Kill.Point != "" {
		err = firstOf(err, x.afterPoint(ctx, a.Kill, r))
	}
	mu.Lock()
	defer mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		x.w.Violated("the process that applies broke: %v", err)
		return nil
	}
	calm := a.Kill.None() && a.Act == "" && a.Interrupt == 0 && a.Jump == 0 && !concurrent
	x.judge(s, r, calm, killed || a.Kill.Point != "" || limited.Err() != nil)
	if limited.Err() != nil {
		x.w.Violated("an apply took longer than %s", applyTimeout)
	}
	x.unsettle(a.State)
	x.settled[a.State] = !r.Killed && !r.Failed() && a.Act == "" && a.Jump == 0 && !concurrent
	return nil
}

// afterPoint finds out whether the run came by its named point, where the provider does the killing.
func (x *execution) afterPoint(ctx context.Context, k schedule.Kill, r *driver.Result) error {
	if !k.Engine {
		if r != nil && (r.Killed || slices.ContainsFunc(r.Diagnostics, lostPlugin)) {
			x.w.Tally.Add("provider killed (SIGKILL)")
		}
		return nil
	}
	if _, held, err := datadir.Find(x.w.Data); err == nil && !held {
		x.w.Tally.Add("engine killed (SIGKILL)")
	}
	if x.Base.AWS {
		return x.w.Ensure(ctx)
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
func (x *execution) judge(s *world.State, r *driver.Result, calm, killed bool) {
	said := []string{}
	for _, d := range r.Diagnostics {
		if !d.Error {
			continue
		}
		text := d.Summary + ": " + d.Detail
		said = append(said, d.Address+": "+brief(d.Summary))
		x.w.Tally.Add("refusals and errors said by the provider")
		switch {
		case killed && lostPlugin(d):
		case d.Summary == minicore.InconsistentPlan:
			x.w.Tally.Add("Terraform's \"inconsistent final plan\"")
			if calm {
				x.w.Violated("inconsistent final plan without anybody else at work: %s", d.Detail)
			}
		case !calm && d.Summary == "execution halted": // Terraform's own word after Ctrl-C
		case strings.TrimSpace(d.Detail) == "":
			x.w.Violated("an error without a word on what to do: %s", d.Summary)
		default:
			for _, never := range []string{"panic", "runtime error", "nil pointer", "This is a bug", "inconsistent result after apply", "Plugin did not respond", "%!"} {
				if strings.Contains(text, never) {
					x.w.Violated("an error that nobody should read: %s", text)
				}
			}
		}
	}
	if !r.Killed && !r.Failed() {
		s.Last = s.Spec
	}
	for _, b := range r.Broken {
		x.w.Violated("%s", b)
	}
	switch {
	case r.Killed:
		x.w.Note("  -> %s killed after %s", s.Spec.State, r.Took.Round(time.Millisecond))
	case len(said) > 0:
		x.w.Note("  -> %s failed after %s: %s", s.Spec.State, r.Took.Round(time.Millisecond), strings.Join(said, "; "))
	default:
		x.w.Note("  -> %s done after %s: %d changes", s.Spec.State, r.Took.Round(time.Millisecond), len(r.Changes))
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
func (x *execution) quiet(ctx context.Context, s *world.State, t driver.Task) (*driver.Result, error) {
	s.Proxy.Begin(faults.Plan{})
	limited, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	p, err := x.w.Start(limited, s, t, nil)
	if err != nil {
		return nil, err
	}
	r, err := p.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || r.Killed {
		return nil, fmt.Errorf("%s %s without faults broke after %s: %w", t.Mode, s.Spec.State, time.Since(x.w.Begin).Round(time.Second), firstOf(err, limited.Err()))
	}
	return r, nil
}
