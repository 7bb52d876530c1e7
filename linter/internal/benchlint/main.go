// Benchlint measures titanicml-lint as whole processes and holds it to its bounds. Input: the binary to measure (-lint) and sizes.
// Output: a line for each figure, MET or MISSED: a generated monorepo against parsing the same files with hclsyntax alone, its peak memory
// and how time grows with size, one small stage, many calls of one module, and nested modules; with -peers, other linters on the same
// files. With -output also JSON, from which docs/proof.md is made.
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

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/linter/internal/corpus"
)

func main() {
	lint := flag.String("lint", "bin/titanicml-lint", "the binary to measure")
	roots := flag.Int("roots", 2000, "root modules of the largest monorepo")
	rounds := flag.Int("rounds", 5, "runs of each measurement; the median counts")
	parse := flag.String("parse", "", "internal: parse everything below this directory and end")
	bin := flag.String("peers", "", "directory with tfsec, tflint and its aws ruleset: compare with them")
	peerRoots := flag.Int("peer-roots", 200, "root modules of the comparison with others")
	output := flag.String("output", "", "directory for the figures as JSON: linter.json and peers.json")
	flag.Parse()
	var err error
	if *parse != "" {
		err = parseAll(*parse)
	} else if *lint, err = filepath.Abs(*lint); err == nil {
		err = record("linter", "make bench-lint", *output, func() ([]proof.Figure, error) { return measure(*lint, *roots, max(*rounds, 1)) })
		if *bin != "" {
			err = errors.Join(err, record("peers", "BENCH_PEERS=1 make bench-lint", *output, func() ([]proof.Figure, error) { return peers(*lint, *bin, *peerRoots, max(*rounds-2, 1)) }))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchlint:", err)
		os.Exit(1)
	}
}

// record prints the figures with their verdicts, and writes them when there is a directory. A missed bound is an error.
func record(name, command, dir string, take func() ([]proof.Figure, error)) error {
	r := proof.Run{Name: name, Command: command, Date: time.Now().UTC().Truncate(time.Second), Machine: proof.ThisMachine()}
	start := time.Now()
	var err error
	if r.Figures, err = take(); err != nil {
		return err
	}
	r.Seconds = time.Since(start).Round(100 * time.Millisecond).Seconds()
	missed := 0
	for _, f := range r.Figures {
		verdict := ""
		switch {
		case !f.OK:
			verdict = "MISSED"
			missed++
		case f.Bound != "":
			verdict = "MET"
		}
		fmt.Printf("%-6s %s: %s", verdict, f.Name, f.Value)
		if f.Bound != "" {
			fmt.Printf(", wanted %s", f.Bound)
		}
		fmt.Println()
	}
	if dir != "" {
		if err := r.Write(filepath.Join(dir, name+".json")); err != nil {
			return err
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d figures of %s miss their bounds", missed, name)
	}
	return nil
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

// comparison has the medians of two commands that ran in turns, and of the ratios of each pair, which met the same seconds of the machine.
type comparison struct {
	a, b      sample
	wall, cpu float64 // medians of the pairs' ratios
	rss       int64   // the highest of a
}

// compare runs two commands in turns.
func compare(rounds int, a, b func() (sample, error)) (comparison, error) {
	var as, bs []sample
	var walls, cpus []float64
	var c comparison
	for range rounds {
		y, err := b()
		if err != nil {
			return c, err
		}
		x, err := a()
		if err != nil {
			return c, err
		}
		as, bs = append(as, x), append(bs, y)
		walls, cpus = append(walls, float64(x.wall)/float64(y.wall)), append(cpus, float64(x.cpu)/float64(y.cpu))
		c.rss = max(c.rss, x.rss)
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	c.a, c.b, c.wall, c.cpu = median(as), median(bs), walls[rounds/2], cpus[rounds/2]
	return c, nil
}

// median has the medians of the runs' wall and processor times.
func median(s []sample) sample {
	out := s[0]
	slices.SortFunc(s, func(a, b sample) int { return int(a.wall - b.wall) })
	out.wall = s[len(s)/2].wall
	slices.SortFunc(s, func(a, b sample) int { return int(a.cpu - b.cpu) })
	out.cpu = s[len(s)/2].cpu
	return out
}

func atMost(name string, value, bound float64, form, unit, more string) proof.Figure {
	return proof.Figure{Name: name, Value: fmt.Sprintf(form, value) + unit + more, Bound: "<= " + fmt.Sprint(bound) + unit, OK: value <= bound}
}

// measure takes the linter's own figures.
func measure(lint string, roots, rounds int) ([]proof.Figure, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "benchlint")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	const steps = 5
	var at [steps]string
	var sizes [steps]corpus.Size
	for i := range steps {
		at[i] = filepath.Join(dir, fmt.Sprint(i))
		if sizes[i], err = corpus.Write(at[i], roots*(i+1)/steps); err != nil {
			return nil, err
		}
	}
	run := func(dir string) func() (sample, error) {
		return func() (sample, error) { return process(lint, "--root", dir, "--recursive", "--format", "json", dir) }
	}
	largest := steps - 1
	big, err := compare(rounds, run(at[largest]), func() (sample, error) { return process(self, "-parse", at[largest]) })
	if err != nil {
		return nil, err
	}
	// The sizes in turns too, so that a slow minute does not bend the line.
	var runs [steps][]sample
	for range rounds {
		for i := range steps {
			x, err := run(at[i])()
			if err != nil {
				return nil, err
			}
			runs[i] = append(runs[i], x)
		}
	}
	var files, walls, cpus []float64
	for i := range steps {
		m := median(runs[i])
		files, walls, cpus = append(files, float64(sizes[i].Files)), append(walls, m.wall.Seconds()), append(cpus, m.cpu.Seconds())
		fmt.Printf("  %d roots, %d files, %d lines: %s, %s of processor time\n", sizes[i].Roots, sizes[i].Files, sizes[i].Lines, m.wall.Round(time.Millisecond), m.cpu.Round(time.Millisecond))
	}
	size := fmt.Sprintf("%d root modules, %d files, %d lines", sizes[largest].Roots, sizes[largest].Files, sizes[largest].Lines)
	line := fit(files, walls)
	figures := []proof.Figure{
		atMost(size+": time over that of parsing alone", big.wall, 1.6, "%.2f", "x", fmt.Sprintf(" (%s / %s; processor time %.2fx)", big.a.wall.Round(time.Millisecond), big.b.wall.Round(time.Millisecond), big.cpu)),
		atMost("the same, peak memory", float64(big.rss>>20), 1024, "%.0f", " MiB", ""),
		{Name: "time by number of files, five sizes: R2 of a straight line", Value: fmt.Sprintf("%.4f (processor time %.4f)", line, fit(files, cpus)), Bound: "> 0.99", OK: line > 0.99},
	}
	for _, c := range []struct {
		name, root string
		make       func(string) error
		bound      float64 // milliseconds
	}{{"one small stage, whole process", "teams/t00/s0000", small, 25}, {"50 calls of one module, whole process", "root", calls, 60},
		{"12 modules nested 4 deep, whole process", "root", nested, 60}} {
		at := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "_"))
		if err := c.make(at); err != nil {
			return nil, err
		}
		x, err := compare(max(3*rounds, 15), func() (sample, error) { return process(lint, "--root", at, filepath.Join(at, c.root)) },
			func() (sample, error) { return process("/bin/true") })
		if err != nil {
			return nil, err
		}
		figures = append(figures, atMost(c.name, float64(x.a.wall.Microseconds())/1000, c.bound, "%.1f", " ms",
			fmt.Sprintf(" (processor time %.1f ms; an empty process takes %.1f ms)", float64(x.a.cpu.Microseconds())/1000, float64(x.b.wall.Microseconds())/1000)))
	}
	return figures, nil
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
