package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// jobs is what the benchmarks of stored jobs print.
const jobs = `BenchmarkDescribeTrainingJob-2 200 360000 ns/op 350 p50-µs 900 p99-µs
BenchmarkListTrainingJobs/jobs=100-2 200 1 ns/op 1400 p50-µs
BenchmarkListTrainingJobs/jobs=100000-2 200 1 ns/op 1800 p50-µs
ok  	x	1s
`

func TestBench(t *testing.T) {
	for _, test := range []struct{ name, promises, input, want, wantErr string }{
		{"kept", "jobs", jobs, "0.35 ms", ""},
		{"a page that grows with the jobs", "jobs", strings.Replace(jobs, " 1800 p50", " 2800 p50", 1), "MISSED", "miss their bounds"},
		{"a slow description", "jobs", strings.Replace(jobs, " 350 p50", " 1350 p50", 1), "MISSED", "miss their bounds"},
		{"a benchmark that did not run", "jobs", "PASS\n", "", "BenchmarkDescribeTrainingJob"},
		{"a benchmark that failed", "jobs", jobs + "FAIL\n", "", "failed"},
		{"coverage beyond the bound", "gate", "BenchmarkGate/paired=false-2 1 1e9 ns/op 172 peak-MiB\nBenchmarkGate/paired=true-2 1 2e9 ns/op\n" +
			"BenchmarkCoverage-2 1 1 ns/op 88.4 %of90-auc 90.2 %of90-recall 95 %of95-auc 99 %of99-auc\n", "88.40%", "miss their bounds"},
		{"an accuracy under the bound", "workload", "BenchmarkTrain-2 1 1 ns/op 0.79 cv_accuracy 0.86 cv_auc\n", "0.7900", "miss their bounds"},
		{"an unknown name", "nothing", jobs, "", `"nothing"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			file := filepath.Join(t.TempDir(), "figures.json")
			err := run([]string{"bench", "-name", test.promises, "-command", "make bench", "-output", file}, strings.NewReader(test.input), &out)
			if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Fatalf("got error %v, expected %q", err, test.wantErr)
			}
			if !strings.Contains(out.String(), test.want) {
				t.Errorf("got\n%s\nexpected it to hold %q", out.String(), test.want)
			}
			if _, statErr := os.Stat(file); (statErr == nil) != (test.want != "") {
				t.Errorf("figures written: %v; expected them exactly where there are any", statErr == nil)
			}
		})
	}
}

// TestPage makes the page from figures that a run wrote, and refuses figures that it has no place for.
func TestPage(t *testing.T) {
	dir := t.TempDir()
	output := filepath.Join(dir, "proof.md")
	if err := run([]string{"bench", "-name", "jobs", "-command", "make bench", "-output", filepath.Join(dir, "jobs.json")}, strings.NewReader(jobs), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	fuzz := `{"targets":[{"package":"./linter","target":"FuzzConfig","seconds":660,"executions":1000,"crashes":0,"date":"2026-11-27"}]}`
	if err := os.WriteFile(filepath.Join(dir, "fuzz.json"), []byte(fuzz), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"page", "-dir", dir, "-output", output}, nil, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Stored jobs", "| DescribeTrainingJob with 10,000 jobs stored, p50 | 0.35 ms | <= 1.00 ms | ok |", "1.29x (1.80 ms / 1.40 ms)", "`FuzzConfig` in `linter` | 11m0s | 1000 | 0 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "stray.json"), []byte(`{"figures":[]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"page", "-dir", dir, "-output", output}, nil, nil); err == nil || !strings.Contains(err.Error(), "stray") {
		t.Errorf("got error %v, expected one that names the figures without a place", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "stray.json"), []byte(`{`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"page", "-dir", dir, "-output", output}, nil, nil); err == nil || !strings.Contains(err.Error(), "stray.json") {
		t.Errorf("got error %v, expected one that names the file", err)
	}
}
