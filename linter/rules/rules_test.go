package rules_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

var update = flag.Bool("update", false, "write docs/rules")

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestRules runs every rule over testdata/<rule>/: bad* must give exactly the findings that its want comments expect, good* none.
// A case is a .tf file or a directory, which is linted recursively and may hold a .titanicml-lint.hcl of its own. A directory
// with the folders base and head is a change: head is linted with base as the base revision.
//
// A want comment holds one quoted regular expression for each finding on its line: # want "lacks the tag", or for another
// line: # want(+1) "lacks".
func TestRules(t *testing.T) {
	t.Parallel()
	for _, rule := range rules.All() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			cases, err := filepath.Glob(filepath.Join("testdata", rule.Name, "*"))
			if err != nil {
				t.Fatal(err)
			}
			bad, good := 0, 0
			for _, c := range cases {
				switch base := filepath.Base(c); {
				case strings.HasPrefix(base, "bad"):
					bad++
				case strings.HasPrefix(base, "good"):
					good++
				default:
					t.Errorf("%s: a case starts with bad or good", c)
				}
				t.Run(filepath.Base(c), func(t *testing.T) { runCase(t, rule, c) })
			}
			if bad == 0 || good == 0 {
				t.Errorf("rule %s needs a bad and a good case, has %d and %d", rule.Name, bad, good)
			}
		})
	}
}

func runCase(t *testing.T, rule *linter.Rule, source string) {
	t.Helper()
	dir := t.TempDir()
	info, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	base := ""
	if _, noBase := os.Stat(filepath.Join(source, "base")); info.IsDir() && noBase == nil {
		base = commitBase(t, dir, filepath.Join(source, "base"))
		err = os.CopyFS(dir, os.DirFS(filepath.Join(source, "head")))
	} else if info.IsDir() {
		err = os.CopyFS(dir, os.DirFS(source))
	} else {
		var text []byte
		if text, err = os.ReadFile(source); err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(source)), text, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	want := wants(t, dir)
	if strings.HasPrefix(filepath.Base(source), "bad") != (len(want) > 0) {
		t.Fatalf("bad cases expect findings, good ones none: %d wants", len(want))
	}
	disk, err := module.OpenDisk(dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	o := linter.Options{Rules: rules.All(), Files: disk, Dirs: []string{"."}, Recursive: true, Top: ".", Now: now, DiffBase: base}
	if rule.Run != nil {
		o.Flags.Only = []string{rule.Name}
	}
	result, err := linter.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Failures {
		t.Errorf("failure: %s %s", f.Range, f.Message)
	}
	for _, f := range result.Findings {
		if f.Rule != rule {
			continue
		}
		key := fmt.Sprintf("%s:%d", f.Range.Filename, f.Range.Start.Line)
		i := slices.IndexFunc(want[key], func(re *regexp.Regexp) bool { return re.MatchString(f.Message) })
		if i < 0 {
			t.Errorf("%s: unexpected: %s", key, f.Message)
			continue
		}
		want[key] = slices.Delete(want[key], i, i+1)
		if f.Message == "" || strings.HasSuffix(f.Message, ".") || f.Message[0] >= 'A' && f.Message[0] <= 'Z' && f.Message[1] >= 'a' {
			t.Errorf("%s: message %q: lower case, no full stop", key, f.Message)
		}
	}
	for key, list := range want {
		for _, re := range list {
			t.Errorf("%s: no finding matches %q", key, re)
		}
	}
}

// commitBase makes dir a repository whose only revision holds what is in base, and empties the work tree.
func commitBase(t *testing.T, dir, base string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, and the case compares revisions")
	}
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-q", "-m", "base"}} {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".git" {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	return "HEAD"
}

var (
	wantComment = regexp.MustCompile(`want(?:\(([+-]\d+)\))? ((?:"(?:[^"\\]|\\.)*"\s*)+)`)
	wantWord    = regexp.MustCompile(`(#|//|<!--) *want\b`)
	wantQuoted  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

func wants(t *testing.T, dir string) map[string][]*regexp.Regexp {
	t.Helper()
	out := map[string][]*regexp.Regexp{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if e.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			found := wantComment.FindAllStringSubmatch(line, -1)
			if len(found) == 0 && wantWord.MatchString(line) {
				t.Errorf("%s:%d: a want comment has quoted patterns", name, i+1)
			}
			for _, m := range found {
				n := i + 1
				if m[1] != "" {
					offset, err := strconv.Atoi(m[1])
					if err != nil {
						return err
					}
					n += offset
				}
				for _, q := range wantQuoted.FindAllString(m[2], -1) {
					s, err := strconv.Unquote(q)
					if err != nil {
						return fmt.Errorf("%s:%d: %w", name, i+1, err)
					}
					key := fmt.Sprintf("%s:%d", filepath.ToSlash(rel), n)
					out[key] = append(out[key], regexp.MustCompile(s))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestMetadata holds every rule to what docs, --help and SARIF take from it.
func TestMetadata(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rules.All() {
		if seen[r.Name] {
			t.Errorf("rule %s is listed twice", r.Name)
		}
		seen[r.Name] = true
		if !regexp.MustCompile(`^[a-z][a-z0-9_]+$`).MatchString(r.Name) {
			t.Errorf("rule name %q", r.Name)
		}
		if r.Title == "" || strings.HasSuffix(r.Title, ".") || len(r.Text) < 80 || r.Since == "" || r.Severity == 0 {
			t.Errorf("rule %s: incomplete metadata", r.Name)
		}
		if (r.Run == nil) != strings.HasPrefix(r.Name, "ignore_") || r.Run != nil && r.Scope == 0 {
			t.Errorf("rule %s: run and scope", r.Name)
		}
		for _, o := range r.Options {
			if o.Text == "" || o.Default == nil || o.Check != nil && o.Check(o.Default) != nil {
				t.Errorf("rule %s: option %s", r.Name, o.Name)
			}
		}
		if _, err := os.Stat(r.Name + ".go"); err != nil {
			t.Errorf("rule %s has no file of its own: %v", r.Name, err)
		}
	}
}

// TestDocumented names the rules whose ignores need a document.
func TestDocumented(t *testing.T) {
	for _, r := range rules.All() {
		if want := strings.HasPrefix(r.Name, "iam_") || r.Name == "ec2_unjustified"; r.Documented != want {
			t.Errorf("%s: Documented is %t", r.Name, r.Documented)
		}
	}
}

// TestDocs compares docs/rules with the metadata; -update writes it.
func TestDocs(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs", "rules")
	pages, err := report.Pages(rules.All(), os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := report.WritePages(docs, pages); err != nil {
			t.Fatal(err)
		}
	}
	written, err := filepath.Glob(filepath.Join(docs, "*.md"))
	if err != nil || len(pages) <= len(rules.All()) || len(written) != len(pages) {
		t.Errorf("docs/rules has %d pages, the %d rules and their list make %d: %v", len(written), len(rules.All()), len(pages), err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || string(got) != want {
			t.Errorf("docs/rules/%s is out of date; run go generate ./linter/...", name)
		}
	}
}
