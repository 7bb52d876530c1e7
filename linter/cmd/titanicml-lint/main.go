// Titanicml-lint checks Terraform configurations, plans and workflows against the rules of titanicml. Input: directories or
// plans. Output: findings on standard output; the exit status is 0 without findings, 2 with findings, 1 when the run failed.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(Main()) }

// Main runs the program and returns its exit status.
func Main() int {
	// Syntax trees are many small objects that die together: collecting less often is worth the memory, up to a bound.
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(640 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
}
