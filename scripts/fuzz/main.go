// Fuzz runs every fuzz target below a directory for a time and records the totals. Input: the directory, the time of each
// target, which targets (a regular expression). Output: a line for each target, and the record, a JSON file in which the other
// targets keep what it said of them. Exit status 1 when a target found a crash; the input that caused it is in its testdata.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// record is the file's content.
type record struct {
	Targets []target `json:"targets"`
}

// target is what the last run of one fuzz target did.
type target struct {
	Package string `json:"package"`
	Name    string `json:"target"`
	// Seconds is the time it ran, Executions the number of inputs tried, Interesting those that reached new code.
	Seconds     int `json:"seconds"`
	Executions  int `json:"executions"`
	Interesting int `json:"interesting"`
	// Crashes is 1 when it ended with a failing input.
	Crashes int    `json:"crashes"`
	Date    string `json:"date"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

type settings struct {
	dir, out string
	only     *regexp.Regexp
	each     time.Duration
	parallel int
}

func main() {
	var s settings
	only := ""
	flag.StringVar(&s.dir, "dir", ".", "look for targets below this directory")
	flag.StringVar(&s.out, "out", "docs/proof/fuzz.json", "the record")
	flag.StringVar(&only, "only", "", "run only targets whose name matches")
	flag.DurationVar(&s.each, "time", 10*time.Minute, "how long each target runs")
	flag.IntVar(&s.parallel, "parallel", runtime.GOMAXPROCS(0), "processes of each target")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if s.only, err = regexp.Compile(only); err == nil {
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	targets, err := find(s.dir, s.only)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return fmt.Errorf("no fuzz target below %s matches %q", s.dir, s.only)
	}
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("read the commit: %w", err)
	}
	crashed := 0
	for _, t := range targets {
		t.Date, t.Commit, t.Go = time.Now().UTC().Format(time.DateOnly), strings.TrimSpace(string(commit)), runtime.Version()
		if err := t.fuzz(ctx, s); err != nil {
			return err
		}
		fmt.Printf("%-16s %5d s %10d executions %5d interesting %d crashes\n", t.Name, t.Seconds, t.Executions, t.Interesting, t.Crashes)
		crashed += t.Crashes
		if err := save(s.out, t); err != nil {
			return err
		}
	}
	if crashed > 0 {
		return fmt.Errorf("%d targets found a crash; the failing inputs are below testdata/fuzz of their packages", crashed)
	}
	return nil
}

var declaration = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// find lists the targets in the test files below dir, by package and name.
func find(dir string, only *regexp.Regexp) ([]target, error) {
	var out []target
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && name != dir && strings.HasPrefix(e.Name(), ".") { // what tools keep, other people's sources among it
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(name, "_test.go") || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		for _, m := range declaration.FindAllSubmatch(text, -1) {
			if n := string(m[1]); only.MatchString(n) {
				out = append(out, target{Package: "./" + filepath.ToSlash(filepath.Dir(name)), Name: n})
			}
		}
		return err
	})
	slices.SortFunc(out, func(a, b target) int { return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name)) })
	return out, err
}

// progress is a line of `go test -fuzz`.
var progress = regexp.MustCompile(`(?m)^fuzz: elapsed: (\w+), execs: (\d+) .*?new interesting: (\d+)`)

// fuzz runs the target and reads its totals from what it prints.
func (t *target) fuzz(ctx context.Context, s settings) error {
	var out bytes.Buffer
	// Left alone, minimizing every interesting input takes a minute each, in which nothing new is tried.
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.Name+"$", "-fuzztime", s.each.String(), "-fuzzminimizetime", "200x",
		"-parallel", strconv.Itoa(s.parallel), t.Package)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdout = io.MultiWriter(os.Stdout, &out)
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	if ctx.Err() != nil {
		return errors.New("stopped")
	}
	lines := progress.FindAllSubmatch(out.Bytes(), -1)
	if len(lines) == 0 {
		return fmt.Errorf("%s of %s did not run: %w", t.Name, t.Package, cmp.Or(err, errors.New("it printed no progress")))
	}
	last := lines[len(lines)-1]
	took, parseErr := time.ParseDuration(string(last[1]))
	if parseErr != nil {
		return fmt.Errorf("%s: read the time it ran: %w", t.Name, parseErr)
	}
	t.Seconds = int(took.Seconds())
	t.Executions, _ = strconv.Atoi(string(last[2])) // digits, by the pattern
	t.Interesting, _ = strconv.Atoi(string(last[3]))
	// At the end of its time go test may call an input that it interrupted itself a failure; it writes none then.
	if err != nil && bytes.Contains(out.Bytes(), []byte("Failing input written to")) {
		t.Crashes = 1
	} else if err != nil && took < s.each {
		return fmt.Errorf("%s ended after %s: %w", t.Name, took, err)
	}
	return nil
}

// save puts the target into the record, in the place of what it said before.
func save(name string, t target) error {
	var r record
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the record %s: %w", name, err)
	}
	r.Targets = slices.DeleteFunc(r.Targets, func(o target) bool { return o.Package == t.Package && o.Name == t.Name })
	r.Targets = append(r.Targets, t)
	slices.SortFunc(r.Targets, func(a, b target) int { return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name)) })
	if text, err = json.MarshalIndent(r, "", "  "); err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}
