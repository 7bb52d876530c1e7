// Command corpora runs the linter over what others have written: the labelled test cases of KICS, which say where a defect is and where
// none, and the configurations that Terraform, OpenTofu, tflint and tfsec test themselves with. In go those modules, from the Go module
// proxy, and two tables; out come figures. A difference from a label that the table of judged differences does not have fails, and so does
// a row of it that nothing matches any more.
//
// Usage: corpora [-lint FILE] [-queries FILE] [-judged FILE] [-output FILE]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

const labelled = "github.com/Checkmarx/kics/v2@v2.2.0"

// others are read whole. Terraform's and OpenTofu's have configurations of which each must be readable.
var others = []struct{ module, valid string }{
	{"github.com/hashicorp/terraform@v1.14.3", "internal/configs/testdata/valid-*"},
	{"github.com/opentofu/opentofu@v1.12.6", "internal/configs/testdata/valid-*"},
	{"github.com/terraform-linters/tflint@v0.64.0", ""},
	{"github.com/aquasecurity/tfsec@v1.26.0", ""},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "corpora: %v\n", err) // nowhere else to report to
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("corpora", flag.ContinueOnError)
	lint := flags.String("lint", "bin/titanicml-lint", "the linter's `file`")
	queries := flags.String("queries", "scripts/corpora/queries.txt", "`file` with the queries of KICS and the rules that answer for them")
	judged := flags.String("judged", "scripts/corpora/judged.txt", "`file` with the differences that are judged")
	output := flags.String("output", "", "`file` to write the figures to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	binary, err := filepath.Abs(*lint)
	if err != nil {
		return err
	}
	asked, err := table(*queries)
	if err != nil {
		return err
	}
	reasons, err := table(*judged)
	if err != nil {
		return err
	}
	begin := time.Now()
	l := linter(binary)
	kics, err := download(ctx, labelled)
	if err != nil {
		return err
	}
	figures, faults, err := l.labels(ctx, filepath.Join(kics, "assets", "queries"), asked, reasons, out)
	if err != nil {
		return err
	}
	whole, err := l.whole(ctx, labelled, kics)
	if err != nil {
		return err
	}
	figures = append(figures, whole)
	for _, o := range others {
		dir, err := download(ctx, o.module)
		if err != nil {
			return err
		}
		whole, err := l.whole(ctx, o.module, dir)
		if err != nil {
			return err
		}
		figures = append(figures, whole)
		if o.valid == "" {
			continue
		}
		valid, bad, err := l.valid(ctx, o.module, dir, o.valid, reasons, out)
		if err != nil {
			return err
		}
		figures, faults = append(figures, valid), faults+bad
	}
	for _, r := range reasons {
		if !r.used {
			faults++
			_, _ = fmt.Fprintf(out, "%s:%d: no such difference any more; remove the row\n", *judged, r.line)
		}
	}
	r := proof.Run{Name: "corpora", Command: "make corpora", Date: begin.UTC().Truncate(time.Second), Machine: proof.ThisMachine(),
		Seconds: time.Since(begin).Round(100 * time.Millisecond).Seconds(), Figures: figures}
	_, _ = fmt.Fprint(out, r.Table())
	if *output != "" {
		if err := r.Write(*output); err != nil {
			return err
		}
	}
	if faults > 0 {
		return fmt.Errorf("%d differences and stale rows: repair the rule, or judge the difference in %s", faults, *judged)
	}
	return nil
}

// download fetches a module and returns its directory.
func download(ctx context.Context, module string) (string, error) {
	var out, log bytes.Buffer
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	command.Dir = os.TempDir() // outside any module, so that nothing asks for it in a go.sum
	command.Stdout, command.Stderr = &out, &log
	err := command.Run()
	var said struct{ Dir, Error string }
	if err2 := json.Unmarshal(out.Bytes(), &said); err2 != nil || said.Error != "" || err != nil {
		return "", fmt.Errorf("download %s: %w", module, errors.Join(err, err2, errors.New(said.Error+log.String())))
	}
	return said.Dir, nil
}

// linter is the path of the binary.
type linter string

// report is what it prints as JSON, as far as is needed here.
type report struct {
	Issues []struct {
		Rule struct {
			Name string `json:"name"`
		} `json:"rule"`
	} `json:"issues"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

// lint runs it below a directory. A panic of a rule, or of the whole, is an error; files that cannot be read are not.
func (l linter) lint(ctx context.Context, root, dir string, args ...string) (report, error) {
	var out, log bytes.Buffer
	command := exec.CommandContext(ctx, string(l), append(append([]string{"--format", "json", "--root", root}, args...), dir)...)
	command.Dir = os.TempDir()
	command.Stdout, command.Stderr = &out, &log
	runErr := command.Run()
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return r, fmt.Errorf("lint %s: %w", dir, errors.Join(runErr, err, errors.New(log.String())))
	}
	for _, e := range r.Errors {
		if strings.Contains(e.Message, "panicked") {
			return r, fmt.Errorf("lint %s: %s", dir, e.Message)
		}
	}
	return r, nil
}

// labels holds the linter against the test cases of the queries: in a case called positive one of the rules must find something, in one
// called negative none may. The number is of the differences that are not judged.
func (l linter) labels(ctx context.Context, dir string, asked, reasons []*row, out io.Writer) (figures []proof.Figure, faults int, err error) {
	type count struct{ agree, differ int }
	counts := map[bool]*count{true: {}, false: {}}
	for _, q := range asked {
		q.used = true
		cases, err := filepath.Glob(filepath.Join(dir, q.key, "test", "*.tf"))
		if err != nil || len(cases) == 0 {
			return nil, 0, fmt.Errorf("query %s: no test cases below %s: %w", q.key, dir, errors.Join(err, os.ErrNotExist))
		}
		for _, file := range cases {
			positive := strings.HasPrefix(filepath.Base(file), "positive")
			r, err := l.alone(ctx, file, "--only", q.text)
			if err != nil {
				return nil, 0, err
			}
			c := counts[positive]
			if positive == (len(r.Issues) > 0) {
				c.agree++
				continue
			}
			c.differ++
			name := q.key + "/" + filepath.Base(file)
			if !judge(reasons, name) {
				faults++
				_, _ = fmt.Fprintf(out, "%s: %d findings of %s\n", name, len(r.Issues), q.text)
			}
		}
	}
	for _, label := range []struct {
		positive bool
		name     string
	}{{true, "with a defect: found"}, {false, "without: nothing found"}} {
		c := counts[label.positive]
		figures = append(figures, proof.Figure{Name: fmt.Sprintf("KICS's cases for %d of its queries, %s", len(asked), label.name),
			Value: fmt.Sprintf("%d of %d", c.agree, c.agree+c.differ), Bound: "every difference judged", OK: faults == 0})
	}
	return figures, faults, nil
}

// alone lints one file as a root module of its own: test cases that lie side by side declare the same names.
func (l linter) alone(ctx context.Context, file string, args ...string) (report, error) {
	dir, err := os.MkdirTemp("", "titanicml-corpora-")
	if err != nil {
		return report{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // of the temporary directory
	text, err := os.ReadFile(file)
	if err != nil {
		return report{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600); err != nil {
		return report{}, err
	}
	return l.lint(ctx, dir, dir, args...)
}

// whole lints everything in a module with every rule.
func (l linter) whole(ctx context.Context, module, dir string) (proof.Figure, error) {
	begin := time.Now()
	r, err := l.lint(ctx, dir, dir, "--recursive")
	if err != nil {
		return proof.Figure{}, err
	}
	took := time.Since(begin)
	files := 0
	err = filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(p, ".tf") || strings.HasSuffix(p, ".tf.json") {
			files++
		}
		return err
	})
	if err != nil {
		return proof.Figure{}, err
	}
	return proof.Figure{Name: fmt.Sprintf("%s, %d configuration files: no panic", module, files),
		Value: fmt.Sprintf("%d findings, %d problems told, %d ms", len(r.Issues), len(r.Errors), took.Milliseconds()), OK: true}, nil
}

// valid reads the configurations that a CLI's own tests call valid; whatever the linter cannot read of them is a fault.
func (l linter) valid(ctx context.Context, module, dir, pattern string, reasons []*row, out io.Writer) (f proof.Figure, faults int, err error) {
	matches, err := filepath.Glob(filepath.Join(dir, pattern, "*"))
	if err != nil || len(matches) == 0 {
		return f, 0, fmt.Errorf("%s: nothing matches %s: %w", module, pattern, errors.Join(err, os.ErrNotExist))
	}
	read := 0
	for _, m := range matches {
		info, err := os.Stat(m)
		if err != nil {
			return f, 0, err
		}
		var r report
		if info.IsDir() {
			r, err = l.lint(ctx, m, m)
		} else {
			r, err = l.alone(ctx, m)
		}
		if err != nil {
			return f, 0, err
		}
		if len(r.Errors) == 0 {
			read++
			continue
		}
		if name := path.Base(path.Dir(filepath.ToSlash(m))) + "/" + filepath.Base(m); !judge(reasons, name) {
			faults++
			_, _ = fmt.Fprintf(out, "%s: %s: %s\n", module, name, r.Errors[0].Message)
		}
	}
	return proof.Figure{Name: module + ": configurations that its tests call valid, read without a complaint",
		Value: fmt.Sprintf("%d of %d", read, len(matches)), Bound: "every difference judged", OK: faults == 0}, faults, nil
}

// row is a line of a table: a key, and what is said of it.
type row struct {
	key, text string
	line      int
	used      bool
}

// judge reports that the table has the difference, and notes that the row is used.
func judge(reasons []*row, name string) bool {
	i := slices.IndexFunc(reasons, func(r *row) bool { ok, _ := path.Match(r.key, name); return ok })
	if i < 0 {
		return false
	}
	reasons[i].used = true
	return true
}

// table reads a file of rows, without empty lines and comments.
func table(file string) ([]*row, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []*row
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, said, ok := strings.Cut(line, " ")
		if _, err := path.Match(key, ""); err != nil || !ok {
			return nil, fmt.Errorf("%s:%d: expected a path and what is said of it, got %q", file, i+1, line)
		}
		rows = append(rows, &row{key: key, text: strings.TrimSpace(said), line: i + 1})
	}
	return rows, nil
}
