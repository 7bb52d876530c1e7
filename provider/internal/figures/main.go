// Command figures measures what the documents say of the engine and the provider, each figure beside
// a baseline of the same run: `make bench` calls it. In go the built binaries and a Terraform CLI;
// out comes a table, and exit status 1 where a figure misses its bound.
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
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// settings are the programs measured and how long to measure them.
type settings struct {
	titanic   string        // the workload's binary
	data      string        // the passengers' file
	terraform string        // the CLI; its configuration file comes from the environment
	sustained time.Duration // how long the load on the endpoint lasts
	peer      string        // terraform-provider-time, whose plan ours is compared with; "" for none
	output    string        // where the figures go as JSON; "" for nowhere
	work      string        // a directory of this run
}

func main() {
	// The engine is started by running this very program again.
	if handled, code := launch.RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	var s settings
	flag.StringVar(&s.titanic, "titanic", "bin/titanic", "the workload")
	flag.StringVar(&s.data, "data", "examples/titanic/data/titanic.csv", "the passengers")
	flag.StringVar(&s.terraform, "terraform", "terraform", "Terraform or OpenTofu")
	flag.DurationVar(&s.sustained, "sustained", 30*time.Second, "how long to load the endpoint")
	flag.StringVar(&s.peer, "peer", "", "terraform-provider-time, to compare plans with")
	flag.StringVar(&s.output, "output", "", "write the figures to this file")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	needed := []*string{&s.titanic, &s.data}
	if s.peer != "" {
		needed = append(needed, &s.peer)
	}
	for _, path := range needed {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		if _, err := os.Stat(absolute); err != nil {
			return fmt.Errorf("%w; run make build first", err)
		}
		*path = absolute
	}
	work, err := os.MkdirTemp("", "titanicml-figures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	s.work = work

	begin := time.Now()
	all := proof.Run{Name: "provider", Command: "make bench", Date: begin.UTC().Truncate(time.Second), Machine: proof.ThisMachine()}
	fmt.Printf("%s/%s, %d processors, %s\n", all.Machine.OS, all.Machine.Arch, all.Machine.Processors, all.Date.Format(time.DateOnly))
	for _, section := range []struct {
		title   string
		measure func(context.Context, settings) ([]proof.Figure, error)
	}{
		{"engine start", measureStart},
		{"invocations", measureInvocations},
		{"plan of 200 resources", measurePlan},
	} {
		fmt.Printf("\n%s\n", section.title)
		figures, err := section.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("measuring %s: %w", section.title, err)
		}
		fmt.Print(proof.Run{Figures: figures}.Table())
		all.Figures = append(all.Figures, figures...)
	}
	all.Seconds = time.Since(begin).Round(time.Second).Seconds()
	if s.output != "" {
		if err := all.Write(s.output); err != nil {
			return err
		}
	}
	if !all.OK() {
		return errors.New("figures miss their bounds")
	}
	return nil
}

// measureStart times launch.Ensure from nothing to the engine's first answer.
func measureStart(ctx context.Context, s settings) ([]proof.Figure, error) {
	var times []time.Duration
	for i := range 10 {
		dir := filepath.Join(s.work, fmt.Sprintf("start-%d", i))
		begin := time.Now()
		if _, err := launch.Ensure(ctx, dir, nil); err != nil {
			return nil, err
		}
		times = append(times, time.Since(begin))
		if err := launch.Stop(ctx, dir); err != nil {
			return nil, err
		}
	}
	median := quantile(times, 0.5)
	return []proof.Figure{{Name: "detached start to the first answer, median of 10", Value: millis(median), Bound: "<= 150 ms", OK: median <= 150*time.Millisecond}}, nil
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// ratio prints a over b with the times it came from.
func ratio(a, b time.Duration) string {
	return strings.TrimSpace(fmt.Sprintf("%.2fx (%s / %s)", float64(a)/float64(b), a.Round(time.Millisecond), b.Round(time.Millisecond)))
}
