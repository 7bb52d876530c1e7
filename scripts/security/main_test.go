package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const issues = `{"Issues":[
{"rule_id":"G304","file":"ROOT/a/read.go","line":"7","details":"Potential file inclusion via variable"},
{"rule_id":"G404","file":"ROOT/b/dice.go","line":"9","details":"Use of weak random number generator"}],
"Stats":{"files":2},"Golang errors":{}}`

func TestRun(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	both := "G304 * reads what its user names\nG404 b/*.go deals cards, keeps no secret\n"
	for _, test := range []struct{ name, table, report, wants, fails string }{
		{"all accepted", both, issues, "2 files, 2 findings", ""},
		{"one is not", "G304 * reads what its user names\n", issues, "b/dice.go:9: G404", "1 findings of gosec are not accepted"},
		{"another file", strings.Replace(both, "b/", "c/", 1), issues, "nothing matches G404 c/*.go", "1 rows"},
		{"a stale row", both + "G101 a/read.go it is no credential\n", issues, "nothing matches G101 a/read.go", "1 rows"},
		{"no reason", "G304 *\n", issues, "", "line 1: expected a rule"},
		{"unreadable code", both, `{"Stats":{"files":1},"Golang errors":{"a.go":[{"error":"expected ;"}]}}`, "", "cannot read a.go"},
		{"nothing read", "# none\n", `{"Stats":{"files":0}}`, "", "no file"},
		{"no JSON", both, "Results:", "", "read gosec's report"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range map[string]string{"table": test.table, "report": strings.ReplaceAll(test.report, "ROOT", root)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			err := run([]string{"-table", filepath.Join(dir, "table"), "-report", filepath.Join(dir, "report")}, &out)
			if !strings.Contains(out.String(), test.wants) {
				t.Errorf("it says %q, expected %q", out.String(), test.wants)
			}
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, expected %q", err, test.fails)
			}
		})
	}
}

// TestAccepted reads the table that counts.
func TestAccepted(t *testing.T) {
	text, err := os.ReadFile("accepted.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := parse(string(text))
	if err != nil || len(rows) < 10 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if matches, err := filepath.Glob(filepath.Join("..", "..", r.pattern)); r.pattern != "*" && (err != nil || len(matches) == 0) {
			t.Errorf("line %d: no file matches %s", r.line, r.pattern)
		}
	}
}

func TestReadVulnerabilities(t *testing.T) {
	const config = `{"config":{"go_version":"go1.26.8","db_last_modified":"2026-11-05T23:49:57Z"}}`
	finding := func(osv, fixed, trace string) string {
		return `{"finding":{"osv":"` + osv + `","fixed_version":"` + fixed + `","trace":[` + trace + `]}}`
	}
	called := `{"module":"stdlib","version":"v1.26.8","package":"net/http","function":"Serve"}`
	for _, test := range []struct{ name, messages, want, fails string }{
		{"nothing", config, "", ""},
		{"in a module only", config + finding("GO-1", "v1.26.9", `{"module":"stdlib"}`) + finding("GO-1", "v1.26.9", `{"module":"stdlib","package":"net/http"}`), "", ""},
		{"called, twice", config + finding("GO-1", "v1.26.9", called) + "\n" + finding("GO-1", "v1.26.9", called),
			"GO-1: net/http.Serve of stdlib v1.26.8 is called; mended in go1.26.9: install it, or set GOTOOLCHAIN=go1.26.9", ""},
		{"not mended", config + finding("GO-2", "", `{"module":"m.org/x","version":"v1.0.0","package":"m.org/x/y","function":"F"}`),
			"GO-2: m.org/x/y.F of m.org/x v1.0.0 is called; no version mends it yet", ""},
		{"no end", "", "", "did not run"},
		{"no JSON", config + "panic:", "", "read what govulncheck says"},
	} {
		v, err := readVulnerabilities([]byte(test.messages))
		if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: got error %v, expected %q", test.name, err, test.fails)
			continue
		}
		if got := strings.Join(v.Called, "|"); got != test.want {
			t.Errorf("%s: got %q, expected %q", test.name, got, test.want)
		}
		if f := v.figure(); err == nil && (f.OK != (test.want == "") || !strings.Contains(f.Name, "list of 2026-11-05, go1.26.8")) {
			t.Errorf("%s: figure %+v", test.name, f)
		}
	}
}
