//go:build unix

package docs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pinned are the programs that are run by version, without a line in a go.mod, and the files that pin them.
var pinned = map[string]string{
	"github.com/securego/gosec/v2":               "scripts/security/main.go",
	"github.com/goreleaser/goreleaser/v2":        "terraform/stages.mk",
	"github.com/opentofu/opentofu":               "tools/terraform.sh",
	"github.com/hashicorp/terraform-plugin-docs": "tools/go.mod",
	"golang.org/x/vuln":                          "tools/go.mod",
	"honnef.co/go/tools":                         "tools/go.mod",
}

// direct are the modules that go.mod requires by itself, with their versions.
func direct(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9.]+\.[a-z]+/\S+) (v\S+)$`).FindAllStringSubmatch(string(content), -1) {
		found[m[1]] = m[2]
	}
	if len(found) < 20 {
		t.Fatalf("found only %d modules in go.mod", len(found))
	}
	return found
}

// TestDependencies holds the table of CONTRIBUTING.md to go.mod and to the licence that each module carries: one row for each
// direct dependency and each program that is run by version, and no other. With -update, versions and dates are asked for and
// written; the reasons are a person's.
func TestDependencies(t *testing.T) {
	want := direct(t)
	for module, file := range pinned {
		content, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "go.mod") {
			if m := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(module) + ` (v\S+)`).FindStringSubmatch(string(content)); m != nil {
				want[module] = m[1]
				continue
			}
		}
		short := regexp.MustCompile(`/v\d+$`).ReplaceAllString(module, "")
		name := short[strings.LastIndex(short, "/")+1:]
		m := regexp.MustCompile(`(?:` + name + `(?:/v\d+)?(?:/\S+)?@|tofu_version=|gosecVersion = ")(v[0-9.]+)`).FindStringSubmatch(string(content))
		if m == nil {
			t.Fatalf("%s pins no version of %s", file, module)
		}
		want[module] = m[1]
	}
	path := "../CONTRIBUTING.md"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(\\S+)` \\| ([^|]+) \\| ([^|]+) \\| (\\S+) of (\\S+) \\| (\\S+) \\|$")
	seen := map[string]bool{}
	text := row.ReplaceAllStringFunc(string(content), func(line string) string {
		m := row.FindStringSubmatch(line)
		module, reason, licence, version, released, last := m[1], m[2], m[3], m[4], m[5], m[6]
		if seen[module] {
			t.Errorf("%s has two rows", module)
		}
		seen[module] = true
		if _, ok := want[module]; !ok {
			t.Errorf("%s is no direct dependency; remove its row", module)
			return line
		}
		if len(strings.Fields(reason)) < 2 {
			t.Errorf("%s: %q is no reason", module, reason)
		}
		if _, inGraph := direct(t)[module]; inGraph {
			if got := licenceOf(t, module); got != licence {
				t.Errorf("%s: the table says %s, its licence file %s", module, licence, got)
			}
		}
		if *update {
			released, last = releases(t, module, want[module])
			return fmt.Sprintf("| `%s` | %s | %s | %s of %s | %s |", module, reason, licence, want[module], released, last)
		}
		if version != want[module] {
			t.Errorf("%s: the table says %s, in use is %s (go test ./docs -run TestDependencies -update writes it)", module, version, want[module])
		}
		used, err := time.Parse(time.DateOnly, released)
		newest, err2 := time.Parse(time.DateOnly, last)
		if err != nil || err2 != nil || newest.Before(used) {
			t.Errorf("%s: used since %s, last release %s: expected two dates in order", module, released, last)
		}
		return line
	})
	for module := range want {
		if !seen[module] {
			t.Errorf("%s has no row in the table of CONTRIBUTING.md: | `%s` | why | licence | %s of YYYY-MM-DD | YYYY-MM-DD |", module, module, want[module])
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// licenceOf reads a module's own licence file.
func licenceOf(t *testing.T, module string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !regexp.MustCompile(`(?i)^(un)?licen[sc]e`).MatchString(filepath.Base(file)) {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(content)), " ")
		for _, known := range []struct{ name, words string }{
			{"Apache-2.0", "Apache License Version 2.0"},
			{"MPL-2.0", "Mozilla Public License"},
			{"Unlicense", "released into the public domain"},
			{"MIT", "Permission is hereby granted, free of charge"},
			{"BSD-3-Clause", "Neither the name of"},
			{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
		} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(known.words)) {
				return known.name
			}
		}
	}
	return "unknown"
}

// releases asks the module proxy when a version was released, and when the latest was.
func releases(t *testing.T, module, version string) (released, last string) {
	t.Helper()
	var dates []string
	for _, v := range []string{version, "latest"} {
		answer, err := exec.Command("go", "list", "-m", "-json", module+"@"+v).Output()
		if err != nil {
			t.Fatalf("go list -m %s@%s: %v", module, v, err)
		}
		var m struct{ Time time.Time }
		if err := json.NewDecoder(strings.NewReader(string(answer))).Decode(&m); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		dates = append(dates, m.Time.Format(time.DateOnly))
	}
	return dates[0], dates[1]
}
