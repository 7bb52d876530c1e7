//go:build linux || darwin

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/world"
)

// report is what came of the schedules.
type report struct {
	settings settings
	tally    *world.Tally
	begin    time.Time
	took     time.Duration

	mu         sync.Mutex
	finished   int
	violations []violation
}

// violation is a schedule that violates invariants, with all that it takes to see it again.
type violation struct {
	seed uint64
	what []string
	log  []string
}

// add takes a finished schedule in, and says now and then how far it is.
func (r *report) add(seed uint64, w *world.World, err error) {
	w.Mu.Lock()
	found, log := slices.Clone(w.Found), slices.Clone(w.Log)
	w.Mu.Unlock()
	if err != nil {
		log = append(log, "the harness: "+err.Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished++
	if len(found) > 0 {
		r.violations = append(r.violations, violation{seed, found, log})
	}
	if r.settings.verbose || len(found) > 0 || err != nil {
		fmt.Fprintf(r.settings.out, "schedule %d\n  %s\n", seed, strings.Join(log, "\n  "))
	}
	if r.finished%20 == 0 {
		fmt.Fprintf(r.settings.out, "  %4d schedules after %s, %d with violations\n", r.finished, time.Since(r.begin).Round(time.Second), len(r.violations))
	}
}

// command reproduces the run.
func (r *report) command(seed uint64, schedules int) string {
	return fmt.Sprintf("make chaos SEED=%d SCHEDULES=%d", seed, schedules)
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "\n%d schedules in %s\n\n", r.finished, r.took.Round(time.Second))
	counts := r.tally.All()
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "  %-62s %7d\n", what, counts[what])
	}
	fmt.Fprintf(out, "\n  %-62s %7d\n", "schedules that violate an invariant", len(r.violations))
	for _, v := range r.violations {
		fmt.Fprintf(out, "\nschedule %d; to see it again: %s\n", v.seed, r.command(v.seed, 1))
		for _, what := range v.what {
			fmt.Fprintf(out, "  %s\n", what)
		}
	}
}

// figures are the report for the documents.
func (r *report) figures() proof.Run {
	run := proof.Run{Name: "chaos", Command: fmt.Sprintf("%s CHAOS_TIME=%s", r.command(r.settings.seed, r.settings.schedules), r.settings.time), Date: r.begin.UTC().Truncate(time.Second),
		Machine: proof.ThisMachine(), Seconds: r.took.Round(time.Second).Seconds()}
	count := func(name string, n int, bound string, ok bool) {
		run.Figures = append(run.Figures, proof.Figure{Name: name, Value: strconv.Itoa(n), Bound: bound, OK: ok})
	}
	count("schedules", r.finished, "", true)
	count("schedules that violate an invariant", len(r.violations), "0", len(r.violations) == 0)
	counts := r.tally.All()
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		count(what, counts[what], "", true)
	}
	return run
}
