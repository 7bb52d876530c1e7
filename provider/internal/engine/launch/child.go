package launch

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// ChildArg is the hidden first argument with which a program that calls RunChild becomes the engine.
const ChildArg = "__titanicml-engine"

// idleExit is how long a detached engine stays without anything to do.
const idleExit = 10 * time.Minute

// What the child writes to its parent, apart from errors.
const (
	reportReady = "ready"
	reportHeld  = "held"
)

// RunChild becomes the engine when args (os.Args[1:]) start with ChildArg; handled tells. Call it
// first in main, and in TestMain of tests that use Ensure.
func RunChild(args []string) (handled bool, exitCode int) { return RunChildAt(args, nil) }

// RunChildAt is RunChild for an engine by another clock, which is made for its data directory; nil means the machine's.
func RunChildAt(args []string, clock func(dataDir string) func() time.Time) (handled bool, exitCode int) {
	if len(args) == 0 || args[0] != ChildArg {
		return false, 0
	}
	report := inherited(3)
	err := runChild(args[1:], report, clock)
	if err == nil {
		return true, 0
	}
	fmt.Fprintln(os.Stderr, "engine:", err)
	tell(report, err.Error())
	return true, 1
}

// tell sends the report and ends it. The parent may be gone, which changes nothing.
func tell(report io.WriteCloser, text string) {
	io.WriteString(report, text)
	report.Close()
}

func runChild(args []string, report io.WriteCloser, clock func(string) func() time.Time) error {
	flags := flag.NewFlagSet(ChildArg, flag.ContinueOnError)
	dir := flags.String("data-dir", "", "data directory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// The end of a terminal's session is not the engine's.
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	options := engine.Options{DataDir: *dir, IdleExit: idleExit, Log: log}
	if clock != nil {
		options.Clock = clock(*dir)
	}
	e, err := engine.Open(ctx, options)
	var held *datadir.HeldError
	if errors.As(err, &held) {
		tell(report, reportHeld)
		return nil
	}
	if err != nil {
		return err
	}
	tell(report, reportReady)
	return e.Serve(ctx)
}
