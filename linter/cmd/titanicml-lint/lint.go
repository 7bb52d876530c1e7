package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/baseline"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

// lint is the command itself.
func lint(ctx context.Context, f flags, args []string, s streams) (int, error) {
	if err := checkNames(f.only, f.enable, f.disable); err != nil {
		return failing, err
	}
	if !contains(report.Formats(), f.format) {
		return failing, report.Write(io.Discard, f.format, report.Input{})
	}
	threshold := linter.Severity(0)
	if f.minimum != "" {
		var err error
		if threshold, err = linter.ParseSeverity(f.minimum); err != nil {
			return failing, fmt.Errorf("--minimum-failure-severity: %w", err)
		}
	}
	if f.writeBaseline && f.baseline == "" {
		return failing, fmt.Errorf("--write-baseline needs --baseline FILE")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("--timeout of %s is over", f.timeout))
	defer cancel()
	return within(ctx, func() (int, error) { return lintAll(ctx, f, threshold, args, s) })
}

// grace is how long a stopped run may take to report what it has; then the program ends all the same.
const grace = 5 * time.Second

// within runs the work in a goroutine of its own, so that neither input that blocks, such as a terminal, nor a bug can keep the program
// from ending, and a panic is a run that failed: Go's own exit status for one means findings here.
func within(ctx context.Context, work func() (int, error)) (int, error) {
	type outcome struct {
		status int
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- outcome{failing, fmt.Errorf("panic: %v; this is a bug, please report it with what follows\n%s", v, debug.Stack())}
			}
		}()
		status, err := work()
		done <- outcome{status, err}
	}()
	select {
	case o := <-done:
		return o.status, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.status, o.err
	case <-time.After(grace):
		return failing, fmt.Errorf("%w, and the run did not stop; nothing is reported", context.Cause(ctx))
	}
}

// lintAll is the run itself.
func lintAll(ctx context.Context, f flags, threshold linter.Severity, args []string, s streams) (int, error) {
	o, closeFiles, err := options(f, args, s)
	if err != nil {
		return failing, err
	}
	defer closeFiles()
	o.Progress = progress(s)
	result, err := linter.Run(ctx, o)
	if err != nil {
		return failing, err
	}
	if f.fix {
		if result, err = applyFixes(ctx, o, result, s); err != nil {
			return failing, err
		}
	}
	if f.writeBaseline {
		return clean, saveBaseline(f.baseline, result, s)
	}
	in := report.Input{Findings: result.Findings, Failures: result.Failures, Removable: result.Removable, Rules: o.Rules, Version: version,
		Color: colored(f, s)}
	if err := report.Write(s.out, f.format, in); err != nil {
		return failing, err
	}
	if f.stats {
		printStats(s.err, result.Stats)
	}
	return status(f, threshold, result), nil
}

func status(f flags, threshold linter.Severity, r *linter.Result) int {
	if len(r.Failures) > 0 {
		return failing
	}
	if threshold == 0 {
		threshold = r.Minimum
	}
	for _, x := range r.Findings {
		if x.Severity >= threshold && !f.force {
			return found
		}
	}
	return clean
}

// options turns the flags and arguments into those of a run.
func options(f flags, args []string, s streams) (linter.Options, func(), error) {
	nothing := func() {}
	o := linter.Options{Rules: rules.All(), Recursive: f.recursive, Flags: linter.Flags{Only: f.only, Enable: f.enable, Disable: f.disable},
		Vars: f.vars, Workspace: f.workspace, DiffBase: f.diffBase, Workers: f.workers, Now: time.Now(), Timing: f.stats}
	if f.chdir != "" {
		if err := os.Chdir(f.chdir); err != nil {
			return o, nothing, fmt.Errorf("change directory: %w", err)
		}
	}
	cwd, err := workingDir()
	if err != nil {
		return o, nothing, err
	}
	var plans []string
	for _, a := range args {
		info, err := os.Stat(a)
		switch {
		case a == "-":
			plans = append(plans, a)
		case errors.Is(err, fs.ErrNotExist):
			return o, nothing, fmt.Errorf("%s does not exist; give the directory of a module, or a plan in JSON", a)
		case err != nil:
			return o, nothing, fmt.Errorf("open %s: %w", a, unwrapPath(err))
		case info.IsDir():
			d, err := shown(cwd, a)
			if err != nil {
				return o, nothing, err
			}
			o.Dirs = append(o.Dirs, d)
		case strings.HasSuffix(a, ".json") && !strings.HasSuffix(a, ".tf.json"):
			plans = append(plans, a)
		default:
			return o, nothing, fmt.Errorf("%s is neither a directory nor a plan in JSON; give the directory of a module", a)
		}
	}
	if len(args) == 0 {
		o.Dirs = []string{"."}
	}
	root, err := rootDir(cwd, f.root, o.Dirs)
	if err != nil {
		return o, nothing, err
	}
	disk, err := module.OpenDisk(root, cwd)
	if err != nil {
		return o, nothing, err
	}
	done := func() { _ = disk.Close() } // read only: nothing can be lost
	o.Files = disk
	if o.Top, err = shown(cwd, root); err != nil {
		return o, done, err
	}
	for _, v := range f.varFiles {
		name, err := shown(cwd, v)
		if err != nil {
			return o, done, err
		}
		o.VarFiles = append(o.VarFiles, name)
	}
	if f.config != "" {
		if o.Config, err = shown(cwd, f.config); err != nil {
			return o, done, err
		}
	}
	for _, v := range f.vars {
		if !strings.Contains(v, "=") {
			return o, done, fmt.Errorf("--var %s: write NAME=VALUE", v)
		}
	}
	if o.Plans, err = readPlans(plans, s.in, cwd); err != nil {
		return o, done, err
	}
	if f.baseline != "" && !f.writeBaseline {
		text, err := os.ReadFile(f.baseline)
		if err != nil {
			return o, done, fmt.Errorf("read baseline %s: %w (--write-baseline makes it)", f.baseline, unwrapPath(err))
		}
		if o.Baseline, err = baseline.Parse(f.baseline, text); err != nil {
			return o, done, err
		}
	}
	return o, done, nil
}

func unwrapPath(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	return err
}

func workingDir() (string, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the working directory: %w", err)
	}
	return filepath.EvalSymlinks(cwd)
}

// shown writes a path as findings show it: relative to the working directory, with slashes.
func shown(cwd, name string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(cwd, name)
	}
	if real, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
		name = filepath.Join(real, filepath.Base(name))
	}
	rel, err := filepath.Rel(cwd, name)
	if err != nil {
		return "", fmt.Errorf("place %s below the working directory: %w", name, err)
	}
	return filepath.ToSlash(rel), nil
}

// rootDir decides what confines reading: the flag, else the repository around the directories, else the working directory
// or the nearest directory that holds them all.
func rootDir(cwd, flag string, dirs []string) (string, error) {
	if flag != "" {
		abs, err := filepath.Abs(flag)
		if err != nil {
			return "", fmt.Errorf("--root: %w", err)
		}
		if abs, err = filepath.EvalSymlinks(abs); err != nil {
			return "", fmt.Errorf("--root %s: %w", flag, unwrapPath(err))
		}
		return abs, nil
	}
	common := cwd
	for i, d := range dirs {
		abs := filepath.Join(cwd, filepath.FromSlash(d))
		if i == 0 && strings.HasPrefix(d, "..") {
			common = abs
		}
		for abs != common && !strings.HasPrefix(abs, strings.TrimSuffix(common, string(filepath.Separator))+string(filepath.Separator)) {
			common = filepath.Dir(common)
		}
	}
	for d := common; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return common, nil
		}
	}
}

func readPlans(names []string, stdin io.Reader, cwd string) ([]*plan.Plan, error) {
	var out []*plan.Plan
	for _, n := range names {
		in, dir, label := stdin, ".", "-"
		if n != "-" {
			file, err := os.OpenFile(n, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe without a writer must not block
			if err != nil {
				return nil, fmt.Errorf("open plan %s: %w", n, unwrapPath(err))
			}
			defer file.Close()
			if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
				return nil, fmt.Errorf("open plan %s: not a regular file; give - to read standard input", n)
			}
			if label, err = shown(cwd, n); err != nil {
				return nil, err
			}
			in, dir = file, path.Dir(label)
		}
		text, err := io.ReadAll(io.LimitReader(in, plan.MaxSize+1))
		if err != nil {
			return nil, fmt.Errorf("read plan %s: %w", n, err)
		}
		p, err := plan.Decode(label, dir, text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func colored(f flags, s streams) bool {
	if f.color {
		return true
	}
	out, ok := s.out.(*os.File)
	return ok && !f.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(out.Fd()))
}

// progress shows on a terminal how far a run is that takes more than a second.
func progress(s streams) func(done, total int) {
	out, ok := s.err.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return meter(out, time.Now)
}

// meter writes a line that goes away when all is done; what ends within a second shows none.
func meter(out io.Writer, clock func() time.Time) func(done, total int) {
	start, last := clock(), time.Time{}
	return func(done, total int) {
		now := clock()
		if now.Sub(start) < time.Second || now.Sub(last) < 100*time.Millisecond && done < total {
			return
		}
		last = now
		fmt.Fprintf(out, "\r%d of %d modules", done, total)
		if done == total {
			fmt.Fprint(out, "\r\x1b[K")
		}
	}
}

func printStats(w io.Writer, s linter.Stats) {
	fmt.Fprintf(w, "%d root modules, %d directories, %d files, %d lines, %d bytes\n", s.Roots, s.Modules, s.Files, s.Lines, s.Bytes)
	fmt.Fprintf(w, "discover %s, parse %s, check %s, total %s\n", s.Discover.Round(time.Microsecond), s.Parse.Round(time.Microsecond),
		s.Check.Round(time.Microsecond), s.Total.Round(time.Microsecond))
	for _, r := range s.Rules {
		fmt.Fprintf(w, "%-26s %8d calls %12s\n", r.Name, r.Calls, r.Time.Round(time.Microsecond))
	}
}

func saveBaseline(name string, result *linter.Result, s streams) error {
	accepted := make([]baseline.Entry, len(result.Findings))
	for i, f := range result.Findings {
		accepted[i] = f.Accepted()
	}
	text, err := baseline.New(accepted).Encode()
	if err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	if err := writeAtomic(name, text, 0o644); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	fmt.Fprintf(s.err, "accepted %d findings in %s\n", len(result.Findings), name)
	return nil
}
