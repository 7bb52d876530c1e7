// Package launch finds, starts and stops the engine of a data directory.
//
// In goes a data directory; out comes a living engine's address. The engine is started detached,
// by running this program again with a hidden first argument, so that it outlives Terraform, which
// kills its providers; the lock in the data directory decides between processes that start one at
// the same moment.
package launch

import (
	"context"
	"errors"
	"time"
)

// ChildArg is the hidden first argument with which a program that calls RunChild becomes the engine.
const ChildArg = "__titanicml-engine"

// Instance is a living engine.
type Instance struct {
	PID       int
	URL       string // http://127.0.0.1:PORT
	DataDir   string // absolute
	StartedAt time.Time
}

// ErrNotRunning is returned by Stop when no engine lives on the data directory.
var ErrNotRunning = errors.New("no engine is running on this data directory")

var errUnbuilt = errors.New("under construction")

// Ensure returns the engine of dataDir, starting one detached when there is none, and waits until
// it answers. images are added to the data directory's mappings first, so that a running engine
// sees them too. On a system without the engine the error is datadir.ErrUnsupported.
func Ensure(ctx context.Context, dataDir string, images map[string][]string) (Instance, error) {
	return Instance{}, errUnbuilt
}

// Find returns the living engine of dataDir. A lock file left by a dead one counts as none.
func Find(dataDir string) (Instance, bool, error) { return Instance{}, false, errUnbuilt }

// Stop ends the engine of dataDir, its jobs' and endpoints' processes with it, and waits until
// its lock is free. ErrNotRunning when there is none.
func Stop(ctx context.Context, dataDir string) error { return errUnbuilt }

// RunChild becomes the engine when args (os.Args[1:]) start with ChildArg; handled tells. Call it
// first in main, and in TestMain of tests that use Ensure.
func RunChild(args []string) (handled bool, exitCode int) { return false, 0 }
