//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/schedule"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/world"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// rounds bounds how often a person would apply again.
const rounds = 12

// converge applies without faults, doing what the messages say, until the plans of all configurations are empty. That they get
// there is an invariant, and so is that a plan right after an apply that succeeded is empty.
func (x *execution) converge(ctx context.Context) error {
	x.w.Note("the faults end")
	names := []string{"a"}
	if x.w.Used("b") {
		names = append(names, "b")
	}
	for range 4 {
		moved := false
		for _, name := range names {
			applied, err := x.settle(ctx, x.w.States[name])
			if err != nil || len(x.w.Violations()) > 0 {
				return err
			}
			moved = moved || applied > 1
		}
		if !moved {
			// Both were found as they should be, one after the other.
			for _, name := range names {
				if err := x.empty(ctx, x.w.States[name]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	x.w.Violated("two configurations over one store keep changing each other")
	return nil
}

// empty plans, and finds that there is nothing to do.
func (x *execution) empty(ctx context.Context, s *world.State) error {
	r, err := x.quiet(ctx, s, driver.Task{Mode: minicore.Plan})
	if err != nil {
		return err
	}
	if r.Failed() || len(r.Changes) > 0 {
		x.w.Violated("the plan of %s after an apply is not empty: %s%s", s.Spec.State, strings.Join(r.Changes, ", "), errorsOf(r))
	}
	return nil
}

// settle applies one configuration until an apply succeeds with nothing left to do, and says how many applies changed something
// or were refused, and one more.
func (x *execution) settle(ctx context.Context, s *world.State) (applied int, err error) {
	t := driver.Task{Mode: minicore.Apply}
	rejections, invalid := 0, 0
	var last *driver.Result
	for applied < rounds {
		r, err := x.quiet(ctx, s, t)
		if err != nil {
			return applied, err
		}
		x.judge(s, r, true, false)
		applied++
		last, t = r, driver.Task{Mode: minicore.Apply}
		switch refusal := first(r); {
		case !r.Failed() && waits(r):
			x.w.Note("  a person approves")
			c, err := x.w.Console(ctx)
			if err != nil {
				return applied, err
			}
			if err := x.console.Approve(ctx, c); err != nil {
				return applied, fmt.Errorf("approving: %w", err)
			}
		case !r.Failed():
			return applied, x.settledNow(ctx, s, r, &applied)
		case refusal.Summary == "Promotion rejected by its gate":
			rejections++
			if rejections%2 == 1 && s.Spec.Candidate == "" {
				t.Replace = []string{"titanicml_evaluation.e"} // what the message says of a baseline or evidence that is too old
			} else {
				x.edit(s, schedule.Good, 0)
			}
		case refusal.Summary == "Endpoint exists already":
			t.Import, t.ID = "titanicml_endpoint.e", s.Spec.Endpoint()
		case refusal.Summary == "Endpoint failed":
			t.Replace = []string{"titanicml_endpoint.e"}
		case refusal.Summary == "Champion not valid":
			// The message names two ways: the promotion that decided on it, and, where nobody holds that any more, no champion at all.
			if invalid++; invalid == 1 && s.Last.State != "" {
				x.w.Note("  %s goes back to what was applied last", s.Spec.State)
				s.Spec = s.Last
			} else {
				x.console.Do(ctx, schedule.DeletePointer, s, 0)
			}
		case strings.Contains(refusal.Detail, "delete the object"): // a record that somebody has edited
			if err := x.removeNamed(ctx, refusal.Detail); err != nil {
				return applied, err
			}
		case strings.Contains(refusal.Detail, "-replace"):
			t.Replace = []string{refusal.Address}
		}
	}
	x.w.Violated("%s does not converge in %d applies; the last one said%s", s.Spec.State, rounds, errorsOf(last))
	return applied, nil
}

// crowned says whether there is a champion whose record is there and approves it. A pointer that is none must not be passed over
// in silence, be it that what is configured cannot repair it.
func (x *execution) crowned(ctx context.Context) (bool, error) {
	c, err := x.w.Console(ctx)
	if err != nil {
		return false, err
	}
	if _, err := x.h.Learn(ctx, c); err != nil {
		return false, fmt.Errorf("reading the decision records: %w", err)
	}
	champion, err := x.console.Champion(ctx, c)
	if errors.Is(err, world.ErrNothing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = c.Head(ctx, champion.DecisionURI)
	if err != nil && !sagemaker.IsNotFound(err) {
		return false, err
	}
	if err == nil && x.approved(champion) != nil {
		return true, nil
	}
	plan, err := x.quiet(ctx, x.w.States["a"], driver.Task{Mode: minicore.Plan})
	if err == nil && !slices.ContainsFunc(plan.Diagnostics, func(d minicore.Diagnostic) bool { return strings.HasPrefix(d.Summary, "Champion ") }) {
		x.w.Violated("the champion pointer names %s, which approves nothing, and the plan says not a word of it", champion.DecisionURI)
	}
	return false, err
}

// removeNamed deletes the record that a message tells to delete.
func (x *execution) removeNamed(ctx context.Context, message string) error {
	c, err := x.w.Console(ctx)
	if err != nil {
		return err
	}
	for _, r := range x.h.Choose(func(r *world.Record) bool { return strings.Contains(message, r.URI) }) {
		x.w.Note("  a person deletes %s", r.URI)
		if err := c.Remove(ctx, r.URI); err != nil {
			return err
		}
	}
	return nil
}

// settledNow checks the plan after an apply that succeeded.
func (x *execution) settledNow(ctx context.Context, s *world.State, r *driver.Result, applied *int) error {
	if len(r.Changes) > 0 {
		*applied++ // so that the others look again
	}
	x.w.Tally.Add("second applies held against an empty plan")
	return x.empty(ctx, s)
}

func first(r *driver.Result) minicore.Diagnostic {
	i := slices.IndexFunc(r.Diagnostics, func(d minicore.Diagnostic) bool { return d.Error })
	if i < 0 {
		return minicore.Diagnostic{}
	}
	return r.Diagnostics[i]
}

// waits says whether a promotion waits for a person.
func waits(r *driver.Result) bool {
	return slices.ContainsFunc(r.Diagnostics, func(d minicore.Diagnostic) bool { return d.Summary == "Promotion waits for approval" })
}

func errorsOf(r *driver.Result) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	for _, d := range r.Diagnostics {
		if d.Error {
			fmt.Fprintf(&b, "\n  %s: %s: %s", d.Address, d.Summary, strings.ReplaceAll(d.Detail, "\n", "\n    "))
		}
	}
	return b.String()
}

// idle waits until nothing runs any more: what an apply that was killed has started goes on.
func (x *execution) idle(ctx context.Context) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		jobs, err := x.jobs(ctx)
		if err != nil {
			return err
		}
		running := ""
		for _, j := range jobs {
			if j.status == "InProgress" || j.status == "Stopping" {
				running = j.name
			}
		}
		if running == "" {
			return nil
		}
		if time.Now().After(deadline) {
			x.w.Violated("job %s is still running", running)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
