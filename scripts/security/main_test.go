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
