//go:build unix

package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThreatModel looks for every test that the threat model names, in the package or directory that it names after it.
func TestThreatModel(t *testing.T) {
	content, err := os.ReadFile("threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	// `TestA`, `TestB` in `package`: names first, then where they are.
	group := regexp.MustCompile("((?:`[\\w.]+`(?:, )?)+) in `([\\w/-]+)`")
	name := regexp.MustCompile("`([\\w.]+)`")
	checked := 0
	for _, m := range group.FindAllStringSubmatch(string(content), -1) {
		for _, n := range name.FindAllStringSubmatch(m[1], -1) {
			checked++
			if !declared(t, m[2], n[1]) {
				t.Errorf("there is no %s in %s", n[1], m[2])
			}
		}
	}
	if checked < 40 {
		t.Errorf("found only %d named tests", checked)
	}
	// A claim without a test would be a claim without proof.
	shown := false
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		switch last := strings.TrimSpace(cells[len(cells)-1]); {
		case last == "Shown by":
			shown = true
		case len(cells) < 2:
			shown = false
		case shown && !strings.HasPrefix(last, "---") && !group.MatchString(last):
			t.Errorf("no test shows %q", strings.TrimSpace(line))
		}
	}
}

// declared tells whether a Go test, a script or a rule's test data of this name is in a directory of the repository.
func declared(t *testing.T, directory, name string) bool {
	t.Helper()
	if !strings.HasPrefix(name, "Test") {
		entries, err := filepath.Glob(filepath.Join("..", directory, name+"*"))
		return err == nil && len(entries) > 0
	}
	files, err := filepath.Glob(filepath.Join("..", directory, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
