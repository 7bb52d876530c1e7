package linter_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/internal/corpus"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

// parseOnly parses every file below dir with hclsyntax alone: the floor that a linter stands on.
func parseOnly(tb testing.TB, dir string, workers int) time.Duration {
	tb.Helper()
	start := time.Now()
	var names []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".tf") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	work := make(chan string, 64)
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for name := range work {
				text, err := os.ReadFile(name)
				if err != nil {
					tb.Error(err)
				}
				if _, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos); diags.HasErrors() {
					tb.Error(diags)
				}
			}
		}()
	}
	for _, n := range names {
		work <- n
	}
	close(work)
	wg.Wait()
	return time.Since(start)
}

func lintAll(tb testing.TB, dir string, workers int) (time.Duration, *linter.Result) {
	tb.Helper()
	start := time.Now()
	disk, err := module.OpenDisk(dir, dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer disk.Close()
	result, err := linter.Run(context.Background(), linter.Options{Rules: rules.All(), Files: disk, Dirs: []string{"."}, Top: ".", Recursive: true,
		Workers: workers, Now: start})
	if err != nil {
		tb.Fatal(err)
	}
	if len(result.Failures) > 0 {
		tb.Fatal(result.Failures[0])
	}
	return time.Since(start), result
}

// cpuTime is what the process has used so far: a busy machine stretches the wall clock, not this.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMonorepo lints 200 root modules and reports the ratio to parsing alone, measured in turns in the same run.
// make bench-lint runs the full size of 2,000 through linter/internal/benchlint.
func BenchmarkMonorepo(b *testing.B) {
	dir := b.TempDir()
	size, err := corpus.Write(dir, 200)
	if err != nil {
		b.Fatal(err)
	}
	workers := runtime.GOMAXPROCS(0)
	var parse, lint, parseCPU, lintCPU time.Duration
	b.ResetTimer()
	for range b.N {
		t0 := cpuTime(b)
		parse += parseOnly(b, dir, workers)
		t1 := cpuTime(b)
		d, _ := lintAll(b, dir, workers)
		lint += d
		parseCPU, lintCPU = parseCPU+t1-t0, lintCPU+cpuTime(b)-t1
	}
	b.ReportMetric(float64(lint)/float64(parse), "x-parse")
	b.ReportMetric(float64(lintCPU)/float64(parseCPU), "x-parse-cpu")
	b.ReportMetric(float64(size.Lines)*float64(b.N)/lint.Seconds(), "lines/s")
}
