//go:build linux || darwin

// Command chaos runs random schedules of applies, kills, restarts, network faults, console changes and clock jumps against the
// provider and the local engine, and checks after each, and all the time in between, that the design's invariants hold: `make
// chaos` calls it.
//
// In go a seed, a number of schedules and a time; out come what was done and what was violated, each violation with the seed and
// the steps that lead to it. Exit status 1 where there is one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/schedule"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/world"
)

// settings are what to run.
type settings struct {
	seed      uint64
	schedules int
	time      time.Duration // no schedule begins later
	parallel  int
	terraform string // the CLI; "" leaves it out
	output    string // file for the figures as JSON; "" for nowhere
	verbose   bool
	out       io.Writer // for the report
	// draw makes the schedule of a seed; nil is the package's own. Tests set it.
	draw func(uint64) schedule.Schedule
	// sabotage breaks an invariant on purpose after the steps of every schedule; tests set it.
	sabotage func(context.Context, *execution) error
}

func main() {
	if handled, code := driver.RunAs(os.Args[1:]); handled {
		os.Exit(code)
	}
	s := settings{out: os.Stdout}
	flag.Uint64Var(&s.seed, "seed", 1, "seed of the first schedule; the next ones have the next numbers")
	flag.IntVar(&s.schedules, "schedules", 300, "how many schedules")
	flag.DurationVar(&s.time, "time", 15*time.Minute, "begin no schedule after this time")
	flag.IntVar(&s.parallel, "parallel", runtime.NumCPU(), "schedules at a time")
	flag.StringVar(&s.terraform, "terraform", "", "Terraform or OpenTofu, for a share of the schedules")
	flag.StringVar(&s.output, "output", "", "file for the figures as JSON")
	flag.BoolVar(&s.verbose, "v", false, "print the steps of every schedule")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := run(ctx, s)
	if report != nil {
		report.print(s.out)
		if s.output != "" && err == nil {
			err = report.figures().Write(s.output)
		}
		if err == nil && len(report.violations) > 0 {
			err = fmt.Errorf("%d schedules violate an invariant", len(report.violations))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		stop()
		os.Exit(1)
	}
}

// run runs the schedules. After an interruption the report covers those that were finished.
func run(ctx context.Context, s settings) (*report, error) {
	if s.schedules < 1 || s.parallel < 1 || s.time <= 0 {
		return nil, fmt.Errorf("got -schedules %d -parallel %d -time %s; expected at least one of each", s.schedules, s.parallel, s.time)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if s.terraform != "" {
		// Terraform runs in the directories of the schedules.
		if s.terraform, err = filepath.Abs(s.terraform); err != nil {
			return nil, err
		}
	}
	work, err := os.MkdirTemp("", "titanicml-chaos")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if work, err = filepath.EvalSymlinks(work); err != nil {
		return nil, err
	}
	r := &report{settings: s, tally: &world.Tally{}, begin: time.Now()}
	next := make(chan uint64)
	go func() {
		defer close(next)
		for i := range uint64(s.schedules) {
			if time.Since(r.begin) > s.time {
				return
			}
			select {
			case <-ctx.Done():
				return
			case next <- s.seed + i:
			}
		}
	}()
	var group sync.WaitGroup
	errs := make([]error, s.parallel)
	for i := range s.parallel {
		group.Go(func() {
			for seed := range next {
				if err := one(ctx, s, seed, program, filepath.Join(work, strconv.FormatUint(seed, 10)), r); err != nil && ctx.Err() == nil {
					errs[i] = errors.Join(errs[i], fmt.Errorf("schedule %d: %w", seed, err))
				}
			}
		})
	}
	group.Wait()
	r.took = time.Since(r.begin)
	if left := leftovers(work); len(left) > 0 {
		errs = append(errs, fmt.Errorf("processes outlive the harness: %v", left))
	}
	if ctx.Err() != nil {
		errs = append(errs, errors.New("interrupted"))
	}
	return r, errors.Join(errs...)
}

// scheduleTimeout bounds one schedule, so that a harness that hangs says where.
const scheduleTimeout = 10 * time.Minute

// one runs a single schedule. The error is one of the harness; violations go to the report.
func one(ctx context.Context, s settings, seed uint64, program, dir string, r *report) (err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	drawn := schedule.Draw(seed)
	if s.draw != nil {
		drawn = s.draw(seed)
	}
	terraform := ""
	if drawn.CLI {
		terraform = s.terraform
	}
	w, closing, err := world.NewWorld(dir, program, terraform, drawn.Base, r.tally)
	defer func() {
		if closeErr := closing(); closeErr != nil {
			err = errors.Join(err, closeErr)
		} else if left := leftovers(dir); len(left) > 0 {
			w.Violated("processes outlive the engine: %v", left)
		}
		if ctx.Err() == nil {
			r.add(seed, w, err)
		}
		_ = os.RemoveAll(dir) // what cannot be removed goes with the parent directory
	}()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, scheduleTimeout)
	defer cancel()
	x := &execution{Schedule: drawn, w: w, h: world.NewHistory(), settled: map[string]bool{}}
	x.console = &world.Console{W: w, H: x.h}

	observing, enough := context.WithCancel(limited)
	var observed sync.WaitGroup
	observed.Go(func() {
		(&world.Observer{W: w, H: x.h, Checked: map[string]bool{}, Told: map[string]bool{}}).Watch(observing)
	})
	defer observed.Wait()
	defer enough()

	for _, st := range drawn.Steps {
		if err := x.do(limited, st); err != nil {
			return err
		}
		if err := x.kept(limited); err != nil {
			return err
		}
	}
	if s.sabotage != nil {
		if err := s.sabotage(limited, x); err != nil {
			return err
		}
	}
	for range 2 {
		if err := x.converge(limited); err != nil || len(w.Violations()) > 0 {
			return err
		}
		if crowned, err := x.crowned(limited); err != nil {
			return err
		} else if crowned {
			break
		}
		// Everything was rejected, and held. With something better there has to be a champion.
		x.edit(w.States["a"], schedule.Good, 0)
	}
	return x.final(limited)
}
