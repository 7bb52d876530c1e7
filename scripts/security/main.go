// Command security runs gosec over the module and holds what it finds against a table of findings that are accepted, each with
// its reason: a finding that the table does not have fails, and so does a row that nothing matches any more. Then it runs govulncheck,
// and fails for a known vulnerability in what is called.
//
// Usage: security [-table FILE] [-report FILE] [-vulndb URL] [-output FILE]
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

// gosecVersion is pinned here and not in tools/go.mod, whose graph its many modules would double.
const gosecVersion = "v2.30.0"

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "security: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("security", flag.ContinueOnError)
	table := flags.String("table", "scripts/security/accepted.txt", "`file` with the accepted findings")
	database := flags.String("vulndb", "", "`address` of a copy of govulncheck's database")
	output := flags.String("output", "", "`file` to write the figures to")
	report := flags.String("report", "", "`file` with gosec's JSON, instead of running anything")
	if err := flags.Parse(args); err != nil {
		return err
	}
	begin := time.Now()
	figures, err := checkCode(*table, *report, out)
	if err != nil || *report != "" {
		return err
	}
	messages, err := govulncheck(*database)
	if err != nil {
		return err
	}
	known, err := readVulnerabilities(messages)
	if err != nil {
		return err
	}
	for _, v := range known.Called {
		_, _ = fmt.Fprintln(out, v)
	}
	_, _ = fmt.Fprintf(out, "govulncheck: %d known vulnerabilities in what is called, with %s, by the list of %s\n", len(known.Called), known.Go, known.Database)
	if *output != "" {
		r := proof.Run{Name: "security", Command: "make security", Date: begin.UTC().Truncate(time.Second), Machine: proof.ThisMachine(),
			Seconds: time.Since(begin).Round(100 * time.Millisecond).Seconds(), Figures: append(figures, known.figure())}
		if err := r.Write(*output); err != nil {
			return err
		}
	}
	if len(known.Called) > 0 {
		return fmt.Errorf("%d known vulnerabilities are in what is called", len(known.Called))
	}
	return nil
}

// checkCode holds gosec's report, from a file or from a run, against the table of accepted findings.
func checkCode(table, report string, out io.Writer) ([]proof.Figure, error) {
	text, err := os.ReadFile(table)
	if err != nil {
		return nil, fmt.Errorf("read the table: %w", err)
	}
	accepted, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", table, err)
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var found []byte
	if report != "" {
		found, err = os.ReadFile(report)
	} else {
		found, err = gosec()
	}
	if err != nil {
		return nil, err
	}
	findings, files, err := read(found, root)
	if err != nil {
		return nil, err
	}
	open, unused := judge(findings, accepted)
	for _, f := range open {
		_, _ = fmt.Fprintf(out, "%s:%s: %s: %s\n", f.File, f.Line, f.Rule, f.Details)
	}
	for _, a := range unused {
		_, _ = fmt.Fprintf(out, "%s:%d: nothing matches %s %s any more; remove the row\n", table, a.line, a.rule, a.pattern)
	}
	if len(open) > 0 || len(unused) > 0 {
		return nil, fmt.Errorf("%d findings of gosec are not accepted, %d rows of %s are stale; repair the code, or add a row with the reason", len(open), len(unused), table)
	}
	_, _ = fmt.Fprintf(out, "gosec %s: %d files, %d findings, each with its reason in %s\n", gosecVersion, files, len(findings), table)
	return []proof.Figure{
		{Name: fmt.Sprintf("gosec %s over %d files: findings without a reason", gosecVersion, files), Value: "0", Bound: "0", OK: true},
		{Name: fmt.Sprintf("findings with a reason, in %d rows of accepted.txt", len(accepted)), Value: strconv.Itoa(len(findings)), OK: true},
	}, nil
}

// gosec runs it and returns its JSON. It exits with 1 where there are findings.
func gosec() ([]byte, error) {
	command := exec.Command("go", "run", "github.com/securego/gosec/v2/cmd/gosec@"+gosecVersion, "-fmt", "json", "-quiet", "-exclude-generated", "./...")
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	if err := command.Run(); err != nil && out.Len() == 0 {
		return nil, fmt.Errorf("run gosec: %w\n%s", err, log.String())
	}
	return out.Bytes(), nil
}

// finding is one of gosec's.
type finding struct {
	Rule, File, Line, Details string
}

// read takes gosec's report apart, paths relative to root. A file that it could not read is an error, not a clean result.
func read(report []byte, root string) ([]finding, int, error) {
	var said struct {
		Issues []struct {
			Rule    string `json:"rule_id"`
			File    string `json:"file"`
			Line    string `json:"line"`
			Details string `json:"details"`
		}
		Stats  struct{ Files int }
		Errors map[string][]struct{ Error string } `json:"Golang errors"`
	}
	if err := json.Unmarshal(report, &said); err != nil {
		return nil, 0, fmt.Errorf("read gosec's report: %w", err)
	}
	for file, problems := range said.Errors {
		return nil, 0, fmt.Errorf("gosec cannot read %s: %v", file, problems)
	}
	if said.Stats.Files == 0 {
		return nil, 0, errors.New("gosec looked at no file")
	}
	var findings []finding
	for _, i := range said.Issues {
		file, err := filepath.Rel(root, i.File)
		if err != nil {
			return nil, 0, err
		}
		findings = append(findings, finding{Rule: i.Rule, File: filepath.ToSlash(file), Line: i.Line, Details: i.Details})
	}
	return findings, said.Stats.Files, nil
}

// row accepts findings of a rule in the files that match a pattern; "*" is all of them.
type row struct {
	rule, pattern, reason string
	line                  int
}

func (r row) covers(f finding) bool {
	if r.rule != f.Rule {
		return false
	}
	ok, _ := path.Match(r.pattern, f.File)
	return ok || r.pattern == "*"
}

// parse reads the table: a rule, a pattern and the reason in each line.
func parse(text string) ([]row, error) {
	var rows []row
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 5 {
			return nil, fmt.Errorf("line %d: expected a rule, a file pattern and a reason in words, got %q", number, lines.Text())
		}
		if _, err := path.Match(fields[1], "x"); err != nil {
			return nil, fmt.Errorf("line %d: pattern %q: %w", number, fields[1], err)
		}
		rows = append(rows, row{rule: fields[0], pattern: fields[1], reason: strings.Join(fields[2:], " "), line: number})
	}
	return rows, lines.Err()
}

// judge returns the findings that no row covers, in order of place, and the rows that cover none.
func judge(findings []finding, accepted []row) (open []finding, unused []row) {
	used := make([]bool, len(accepted))
	for _, f := range findings {
		covered := false
		for i, a := range accepted {
			if a.covers(f) {
				used[i], covered = true, true
			}
		}
		if !covered {
			open = append(open, f)
		}
	}
	for i, a := range accepted {
		if !used[i] {
			unused = append(unused, a)
		}
	}
	slices.SortFunc(open, func(a, b finding) int {
		return strings.Compare(a.File+":"+a.Line+a.Rule, b.File+":"+b.Line+b.Rule)
	})
	return open, unused
}
