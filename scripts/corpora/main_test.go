package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the test's own binary a linter, which finds the word defect and panics at the word panic.
func TestMain(m *testing.M) {
	if os.Getenv("CORPORA_LINTER") == "" {
		os.Exit(m.Run())
	}
	files, _ := filepath.Glob(filepath.Join(os.Args[len(os.Args)-1], "*.tf"))
	issues, errs := "", ""
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if bytes.Contains(text, []byte("defect")) {
			issues = `{"rule":{"name":"r"}}`
		}
		if bytes.Contains(text, []byte("panic")) {
			errs = `{"message":"rule r panicked: boom"}`
		}
		if bytes.Contains(text, []byte("broken")) {
			errs = `{"message":"unclosed block"}`
		}
	}
	fmt.Printf(`{"issues":[%s],"errors":[%s]}`, issues, errs)
}

func self(t *testing.T) linter {
	t.Helper()
	t.Setenv("CORPORA_LINTER", "1")
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return linter(binary)
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLabels(t *testing.T) {
	dir := write(t, map[string]string{
		"q/test/positive1.tf": "defect", "q/test/positive2.tf": "fine", "q/test/negative1.tf": "fine", "q/test/negative2.tf": "defect",
		"explodes/test/positive1.tf": "panic",
	})
	l := self(t)
	for _, c := range []struct {
		query, judged string
		faults        int
		want, wantErr string
	}{
		{"q", "", 2, "1 of 2", ""},
		{"q", "q/negative2.tf", 1, "q/positive2.tf: 0 findings of r", ""},
		{"q", "q/*2.tf", 0, "", ""},
		{"explodes", "", 0, "", "panicked"},
		{"missing", "", 0, "", "no test cases"},
	} {
		var reasons []*row
		if c.judged != "" {
			reasons = append(reasons, &row{key: c.judged, text: "why"})
		}
		var out bytes.Buffer
		figures, faults, err := l.labels(t.Context(), dir, []*row{{key: c.query, text: "r"}}, reasons, &out)
		if (err == nil) != (c.wantErr == "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
			t.Errorf("%v: got error %v, expected %q", c, err, c.wantErr)
			continue
		}
		if said := out.String() + fmt.Sprint(figures); faults != c.faults || !strings.Contains(said, c.want) {
			t.Errorf("%v: %d faults, %s", c, faults, said)
		}
		if len(reasons) > 0 && !reasons[0].used {
			t.Errorf("%v: the row counts as stale", c)
		}
	}
}

func TestValid(t *testing.T) {
	dir := write(t, map[string]string{"valid-files/a.tf": "fine", "valid-files/b.tf": "broken", "valid-modules/m/main.tf": "broken"})
	l := self(t)
	var out bytes.Buffer
	f, faults, err := l.valid(t.Context(), "mod", dir, "valid-*", []*row{{key: "valid-modules/m"}}, &out)
	if err != nil || faults != 1 || f.OK || f.Value != "1 of 3" || !strings.Contains(out.String(), "mod: valid-files/b.tf: unclosed block") {
		t.Errorf("%+v, %d faults, %v, %s", f, faults, err, out.String())
	}
	if _, _, err := l.valid(t.Context(), "mod", dir, "none-*", nil, &out); err == nil {
		t.Error("a pattern that matches nothing is no error")
	}
}

// TestTables reads the tables of the repository, and refuses a row without what it says.
func TestTables(t *testing.T) {
	for _, name := range []string{"queries.txt", "judged.txt"} {
		if rows, err := table(name); err != nil || len(rows) < 10 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
	for _, text := range []string{"alone\n", "[ reason\n"} {
		dir := write(t, map[string]string{"t.txt": "# comment\n\n" + text})
		if _, err := table(filepath.Join(dir, "t.txt")); err == nil || !strings.Contains(err.Error(), "t.txt:3") {
			t.Errorf("%q: got error %v, expected the line", text, err)
		}
	}
}
