package proof

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadBench(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []Result
		wantErr    string
	}{
		{"values by unit", "goos: linux\nBenchmarkGate/paired=false-2   \t       1\t1129000000 ns/op\t       172.5 peak-MiB\nPASS\n",
			[]Result{{"BenchmarkGate/paired=false", map[string]float64{"ns/op": 1.129e9, "peak-MiB": 172.5}}}, ""},
		{"one processor, no suffix", "BenchmarkList/jobs=100 200 5 ns/op\n", []Result{{"BenchmarkList/jobs=100", map[string]float64{"ns/op": 5}}}, ""},
		{"a log line of a benchmark", "BenchmarkX is slow today, sorry\nok  \tx\t1s\n", nil, ""},
		{"a failure", "BenchmarkX-2 1 5 ns/op\n--- FAIL: BenchmarkY\n", nil, "--- FAIL: BenchmarkY"},
		{"a build that failed", "FAIL\tx [build failed]\n", nil, "build failed"},
		{"a value that is none", "BenchmarkX-2 1 fast ns/op\n", nil, `"fast"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadBench(strings.NewReader(test.text))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("got error %v, expected one with %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRun(t *testing.T) {
	r := Run{Name: "x", Machine: ThisMachine(), Figures: []Figure{
		{Name: "kept", Value: "1", Bound: "<= 2", OK: true}, {Name: "told", Value: "3", OK: true}, {Name: "late", Value: "9", Bound: "<= 2"},
	}}
	if r.OK() {
		t.Error("a run with a missed bound is OK")
	}
	var verdicts []string
	for _, f := range r.Figures {
		verdicts = append(verdicts, f.Verdict())
	}
	if diff := cmp.Diff([]string{"ok", "", "MISSED"}, verdicts); diff != "" {
		t.Error(diff)
	}
	if table := r.Table(); strings.Count(table, "\n") != 3 || !strings.Contains(table, "MISSED") {
		t.Errorf("got table\n%s", table)
	}
	path := filepath.Join(t.TempDir(), "new", "x.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var back Run
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Error(diff)
	}
}
