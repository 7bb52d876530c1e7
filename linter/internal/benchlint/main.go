// Benchlint measures titanicml-lint as whole processes and prints ratios. Input: the binary to measure (-lint) and sizes.
// Output: a table: a generated monorepo against parsing the same files with hclsyntax alone, its peak memory and how time
// grows with size, one small stage, many calls of one module, and nested modules; with -peers, other linters on the same files.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/internal/corpus"
)

func main() {
	lint := flag.String("lint", "bin/titanicml-lint", "the binary to measure")
	roots := flag.Int("roots", 2000, "root modules of the largest monorepo")
	rounds := flag.Int("rounds", 3, "runs of each measurement; the median counts")
	parse := flag.String("parse", "", "internal: parse everything below this directory and end")
	bin := flag.String("peers", "", "directory with tfsec, tflint and its aws ruleset: compare with them")
	peerRoots := flag.Int("peer-roots", 200, "root modules of the comparison with others")
	flag.Parse()
	var err error
	if *parse != "" {
		err = parseAll(*parse)
	} else if *lint, err = filepath.Abs(*lint); err == nil {
		if err = measure(*lint, *roots, *rounds); err == nil && *bin != "" {
			err = peers(*lint, *bin, *peerRoots)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchlint:", err)
		os.Exit(1)
	}
}

// parseAll is the floor: the files read and parsed with as many workers as there are processors, nothing kept.
func parseAll(dir string) error {
	var names []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".tf") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	work := make(chan string, 64)
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for name := range work {
				text, err := os.ReadFile(name)
				if err == nil {
					if _, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos); diags.HasErrors() {
						err = diags
					}
				}
				if err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		}()
	}
	for _, n := range names {
		work <- n
	}
	close(work)
	wg.Wait()
	return failed
}

// sample is one process from start to end.
type sample struct {
	wall, cpu time.Duration
	rss       int64 // bytes
}

func process(name string, args ...string) (sample, error) {
	cmd := exec.Command(name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2) {
		return s, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, stderr.String())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.rss = u.Maxrss << 10
	}
	return s, nil
}

// pair runs two commands in turns and returns the medians by wall time.
func pair(rounds int, a, b func() (sample, error)) (sample, sample, error) {
	var as, bs []sample
	for range rounds {
		x, err := a()
		if err != nil {
			return x, x, err
		}
		y, err := b()
		if err != nil {
			return y, y, err
		}
		as, bs = append(as, x), append(bs, y)
	}
	return median(as), median(bs), nil
}

// median is the run of the middle wall time.
func median(s []sample) sample {
	slices.SortFunc(s, func(a, b sample) int { return int(a.wall - b.wall) })
	return s[len(s)/2]
}

func measure(lint string, roots, rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchlint")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var xs, ys []float64
	fmt.Printf("%8s %8s %9s %10s %10s %8s %8s %9s\n", "roots", "files", "lines", "parse", "lint", "ratio", "cpu", "peak MiB")
	for i := 1; i <= 5; i++ {
		n := roots * i / 5
		at := filepath.Join(dir, fmt.Sprint(n))
		size, err := corpus.Write(at, n)
		if err != nil {
			return err
		}
		floor, run, err := pair(rounds, func() (sample, error) { return process(self, "-parse", at) },
			func() (sample, error) { return process(lint, "--root", at, "--recursive", "--format", "json", at) })
		if err != nil {
			return err
		}
		xs, ys = append(xs, float64(size.Files)), append(ys, run.wall.Seconds())
		fmt.Printf("%8d %8d %9d %10s %10s %8.2f %8.2f %9d\n", size.Roots, size.Files, size.Lines, floor.wall.Round(time.Millisecond),
			run.wall.Round(time.Millisecond), float64(run.wall)/float64(floor.wall), float64(run.cpu)/float64(floor.cpu), run.rss>>20)
	}
	fmt.Printf("time is linear in files with R2 = %.4f\n", fit(xs, ys))
	for _, c := range []struct {
		name, root string
		make       func(string) error
	}{{"one small stage", "teams/t00/s0000", small}, {"50 calls of one module", "root", calls}, {"12 modules nested 4 deep", "root", nested}} {
		at := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "_"))
		if err := c.make(at); err != nil {
			return err
		}
		run, nothing, err := pair(max(rounds, 9), func() (sample, error) { return process(lint, "--root", at, filepath.Join(at, c.root)) },
			func() (sample, error) { return process("/bin/true") })
		if err != nil {
			return err
		}
		fmt.Printf("%-26s %10s wall %10s cpu (an empty process: %s)\n", c.name, run.wall.Round(100*time.Microsecond), run.cpu.Round(100*time.Microsecond),
			nothing.wall.Round(100*time.Microsecond))
	}
	return nil
}

// fit is the coefficient of determination of a straight line.
func fit(xs, ys []float64) float64 {
	n := float64(len(xs))
	var sx, sy, sxx, sxy, syy float64
	for i := range xs {
		sx, sy, sxx, sxy, syy = sx+xs[i], sy+ys[i], sxx+xs[i]*xs[i], sxy+xs[i]*ys[i], syy+ys[i]*ys[i]
	}
	num := n*sxy - sx*sy
	return num * num / ((n*sxx - sx*sx) * (n*syy - sy*sy))
}

func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// small is one root module of the corpus.
func small(dir string) error {
	_, err := corpus.Write(dir, 1)
	return err
}

// calls is fifty calls of one module with values of their own.
func calls(dir string) error {
	var b strings.Builder
	b.WriteString("locals {\n  tags = { project = \"p\" }\n}\n")
	for i := range 50 {
		fmt.Fprintf(&b, "module \"m%d\" {\n  source = \"../child\"\n  name   = \"n%d\"\n  tags   = local.tags\n}\n", i, i)
	}
	if err := write(filepath.Join(dir, "root/main.tf"), b.String()); err != nil {
		return err
	}
	return write(filepath.Join(dir, "child/main.tf"), child(""))
}

// nested is twelve calls in each of four levels, the lower ones with the same values.
func nested(dir string) error {
	for depth := range 4 {
		var b strings.Builder
		for i := range 12 {
			fmt.Fprintf(&b, "module \"m%d\" {\n  source = \"../d%d\"\n  name   = \"n\"\n  tags   = { project = \"p\" }\n}\n", i, depth+1)
		}
		name, text := "root/main.tf", b.String()
		if depth > 0 {
			name, text = fmt.Sprintf("d%d/main.tf", depth), child(b.String())
		}
		if err := write(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "d4/main.tf"), child(""))
}

func child(more string) string {
	return `variable "name" {
  type = string
}

variable "tags" {
  type = map(string)
}

resource "aws_sqs_queue" "main" {
  name = var.name
  tags = merge(var.tags, { name = var.name })
}

resource "aws_iam_role" "main" {
  name = var.name
  tags = var.tags
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}
` + more
}
