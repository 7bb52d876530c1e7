// Command soak keeps an endpoint of the local engine under load for a long time while it is updated every few seconds: `make
// soak` calls it. In go how long and how hard; out come the requests that failed, and whether memory, descriptors and processes
// of the engine grew. Exit status 1 where a figure misses its bound.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// settings are how long and how hard.
type settings struct {
	length time.Duration
	every  time.Duration // between two updates of the endpoint
	rate   int           // invocations a second
	output string        // where the figures go as JSON; "" for nowhere
}

func main() {
	// The engine and its containers are this very program, run again.
	if handled, code := launch.RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	if handled, code := workload.Run(os.Args[1:]); handled {
		os.Exit(code)
	}
	var s settings
	flag.DurationVar(&s.length, "time", 30*time.Minute, "how long")
	flag.DurationVar(&s.every, "every", 3*time.Second, "time between two updates of the endpoint")
	flag.IntVar(&s.rate, "rate", 400, "invocations a second")
	flag.StringVar(&s.output, "output", "", "file for the figures as JSON")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if s.length < 10*time.Second || s.every < 100*time.Millisecond || s.rate < 1 || s.rate > 100_000 {
		return fmt.Errorf("got -time %s -every %s -rate %d; expected at least 10s, at least 100ms, and 1 to 100000", s.length, s.every, s.rate)
	}
	work, err := os.MkdirTemp("", "titanicml-soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	dataDir := filepath.Join(work, "data")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	engine, err := launch.Ensure(ctx, dataDir, map[string][]string{"tiny": {self, workload.Argument}})
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := launch.Stop(context.WithoutCancel(ctx), dataDir); stopErr != nil && !errors.Is(stopErr, launch.ErrNotRunning) {
			err = errors.Join(err, fmt.Errorf("stopping the engine: %w", stopErr))
		}
	}()
	e, err := deploy(ctx, engine.URL, s.every)
	if err != nil {
		return fmt.Errorf("deploying the endpoint: %w", err)
	}
	if _, err := look(engine.PID, dataDir); err != nil {
		return err
	}
	fmt.Printf("soaking the engine with pid %d for %s: %d invocations/s, an update every %s\n", engine.PID, s.length, s.rate, s.every)

	begin := time.Now()
	timed, cancel := context.WithTimeout(ctx, s.length)
	defer cancel()
	l := &load{endpoint: e}
	var group sync.WaitGroup
	var updateErr, sampleErr error
	var samples []sample
	group.Go(func() { l.run(timed, s.rate) })
	group.Go(func() { updateErr = e.keepUpdating(timed) })
	group.Go(func() { samples, sampleErr = watch(timed, engine.PID, dataDir, begin, l, e) })
	group.Wait()
	if err := ctx.Err(); err != nil {
		return errors.New("interrupted; nothing is reported")
	}
	if err := errors.Join(updateErr, sampleErr); err != nil {
		return err
	}
	report := proof.Run{Name: "soak", Command: "make soak SOAK_TIME=" + short(s.length), Date: begin.UTC().Truncate(time.Second),
		Machine: proof.ThisMachine(), Seconds: time.Since(begin).Round(time.Second).Seconds(), Figures: figures(s, l, e, samples)}
	fmt.Print("\n", report.Table())
	if first := l.first.Load(); first != nil {
		fmt.Println("  the first failure:", *first)
	}
	if s.output != "" {
		if err := report.Write(s.output); err != nil {
			return err
		}
	}
	if !report.OK() {
		return errors.New("figures miss their bounds")
	}
	return nil
}

// short writes a duration without the seconds that it has not: 30m for 30m0s.
func short(d time.Duration) string {
	if text, ok := strings.CutSuffix(d.String(), "m0s"); ok {
		return text + "m"
	}
	return d.String()
}
