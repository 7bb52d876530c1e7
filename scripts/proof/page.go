package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

// fuzzRecord is what `make fuzz` keeps of its runs.
type fuzzRecord struct {
	Targets []struct {
		Package    string `json:"package"`
		Name       string `json:"target"`
		Seconds    int    `json:"seconds"`
		Executions int    `json:"executions"`
		Crashes    int    `json:"crashes"`
		Date       string `json:"date"`
	} `json:"targets"`
}

// titles are the headings of the page in its order, by the name of the run.
var titles = []struct{ name, title string }{
	{"provider", "Engine and provider"},
	{"jobs", "Stored jobs"},
	{"workload", "The workload's model"},
	{"gate", "The gate"},
	{"linter", "The linter"},
	{"peers", "The linter beside its peers"},
	{"corpora", "The linter on the test cases of others"},
	{"chaos", "Faults"},
	{"soak", "Load"},
	{"security", "Security"},
}

// page writes the page of proof from the files in dir.
func page(dir, output string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	runs := map[string]proof.Run{}
	var fuzz fuzzRecord
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "fuzz" {
			err = json.Unmarshal(body, &fuzz)
		} else {
			var r proof.Run
			err = json.Unmarshal(body, &r)
			runs[name] = r
		}
		if err != nil {
			return fmt.Errorf("reading the figures in %s: %w", file, err)
		}
	}
	var b bytes.Buffer
	b.WriteString("# Proof\n\nEvery figure that the project promises, as its command measured it. `make proof` runs what is quick and writes this page from " +
		"the files in [`proof/`](proof); nothing on it is typed by hand. Ratios come from one run each, so that they hold on other machines.\n")
	for _, t := range titles {
		r, ok := runs[t.name]
		if !ok {
			continue
		}
		delete(runs, t.name)
		fmt.Fprintf(&b, "\n## %s\n\n`%s`, %s, %s\n\n", t.title, r.Command, r.Date.UTC().Format(time.DateOnly), machine(r.Machine))
		b.WriteString("| Figure | Measured | Bound | |\n|---|---|---|---|\n")
		for _, f := range r.Figures {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(f.Name), cell(f.Value), cell(f.Bound), f.Verdict())
		}
	}
	if len(runs) > 0 {
		return fmt.Errorf("no title for the figures of %q; add it to titles in scripts/proof/page.go", anyName(runs))
	}
	writeFuzz(&b, fuzz)
	return os.WriteFile(output, b.Bytes(), 0o644)
}

func anyName(runs map[string]proof.Run) string {
	var names []string
	for name := range runs {
		names = append(names, name)
	}
	return slices.Min(names)
}

func machine(m proof.Machine) string {
	text := fmt.Sprintf("%s/%s, %d processors", m.OS, m.Arch, m.Processors)
	if m.Processor != "" {
		text += " (" + m.Processor + ")"
	}
	return text
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func writeFuzz(b *bytes.Buffer, r fuzzRecord) {
	if len(r.Targets) == 0 {
		return
	}
	seconds, crashes := 0, 0
	for _, t := range r.Targets {
		seconds, crashes = seconds+t.Seconds, crashes+t.Crashes
	}
	fmt.Fprintf(b, "\n## Fuzzing\n\n`make fuzz`: %s in the last run of each target, %d crashes. What has crashed a target stays as a seed, which `make test` tries.\n\n",
		time.Duration(seconds)*time.Second, crashes)
	b.WriteString("| Target | Time | Inputs | Crashes | Date |\n|---|---|---|---|---|\n")
	for _, t := range r.Targets {
		fmt.Fprintf(b, "| `%s` in `%s` | %s | %d | %d | %s |\n", t.Name, strings.TrimPrefix(t.Package, "./"), time.Duration(t.Seconds)*time.Second, t.Executions, t.Crashes, t.Date)
	}
}
