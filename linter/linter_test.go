package linter_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/ignore"
	"github.com/titanicml/terraform-provider-titanicml/linter/internal/corpus"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

func write(tb testing.TB, dir string, texts map[string]string) {
	tb.Helper()
	for n, t := range texts {
		name := filepath.Join(dir, filepath.FromSlash(n))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(t), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

func lint(tb testing.TB, dir string, o linter.Options) *linter.Result {
	tb.Helper()
	disk, err := module.OpenDisk(dir, dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer disk.Close()
	o.Files, o.Top, o.Now = disk, ".", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	if o.Dirs == nil {
		o.Dirs = []string{"."}
	}
	result, err := linter.Run(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// TestPanic: a rule that panics costs its own findings in that place, and is named with the file.
func TestPanic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"main.tf": `resource "a_b" "bad" {}
resource "a_b" "good" {}
`})
	rule := &linter.Rule{Name: "explodes", Severity: linter.Error, Scope: linter.PerResource, Run: func(p *linter.Pass) {
		p.Report(p.Resource, "%s found", p.Resource.Address())
		if p.Resource.Name == "bad" {
			panic("boom")
		}
	}}
	result := lint(t, dir, linter.Options{Rules: []*linter.Rule{rule}})
	if len(result.Findings) != 1 || result.Findings[0].Address != "a_b.good" {
		t.Errorf("findings %v", result.Findings)
	}
	if len(result.Failures) != 1 || !strings.Contains(result.Failures[0].Message, "rule explodes panicked: boom at linter/linter_test.go:") ||
		result.Failures[0].Range.Filename != "main.tf" {
		t.Errorf("failures %v", result.Failures)
	}
}

// TestDeterministic: the same bytes from every run, with any number of workers and processors.
func TestDeterministic(t *testing.T) {
	dir := t.TempDir()
	if _, err := corpus.Write(dir, 12); err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []byte
	for i, procs := range []int{1, 4, 2, 8} {
		runtime.GOMAXPROCS(procs)
		result := lint(t, dir, linter.Options{Rules: rules.All(), Recursive: true, Workers: procs})
		var b bytes.Buffer
		for _, format := range []string{"json", "text", "sarif"} {
			if err := report.Write(&b, format, report.Input{Findings: result.Findings, Failures: result.Failures, Rules: rules.All()}); err != nil {
				t.Fatal(err)
			}
		}
		if i == 0 {
			first = b.Bytes()
			if len(result.Findings) < 10 {
				t.Fatalf("%d findings prove nothing", len(result.Findings))
			}
		} else if !bytes.Equal(first, b.Bytes()) {
			t.Errorf("output with %d processors differs", procs)
		}
	}
}

// TestBase compares a work tree with a revision through git's objects.
func TestBase(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	top := t.TempDir()
	dir := filepath.Join(top, "below") // the repository may begin above what is linted
	write(t, dir, map[string]string{"s/main.tf": "module \"m\" { source = \"../m\" }\nlocals { x = 1 }\n", "m/main.tf": "output \"y\" { value = \"old\" }\n",
		"gone/main.tf": "locals { z = 1 }\n", "crlf/main.tf": "locals { c = 1 }\n"})
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "base"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = top
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	write(t, dir, map[string]string{"s/main.tf": "locals { x = 2 }\n", "new/main.tf": "locals { n = 1 }\n", "crlf/main.tf": "locals { c = 1 }\r\n"})
	if err := os.RemoveAll(filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	var got []string
	rule := &linter.Rule{Name: "compares", Severity: linter.Error, Scope: linter.PerTree, Run: func(p *linter.Pass) {
		base := p.Tree.Base()
		for _, name := range []string{"s/main.tf", "m/main.tf", "new/main.tf", "gone/main.tf", "crlf/main.tf"} {
			changed, err := base.Changed(name)
			if err != nil {
				t.Error(err)
			}
			if changed {
				got = append(got, name)
			}
		}
		root, err := base.Root("s")
		if err != nil || root == nil {
			t.Errorf("base root: %v", err)
			return
		}
		got = append(got, root.Module.Local("x").Text(), root.Modules()[1].Output("y").Text())
		if missing, err := base.Root("new"); missing != nil || err != nil {
			t.Errorf("new in the base: %v %v", missing, err)
		}
	}}
	if result := lint(t, dir, linter.Options{Rules: []*linter.Rule{rule}, Recursive: true, DiffBase: "HEAD"}); len(result.Failures) > 0 {
		t.Errorf("failures %v", result.Failures)
	}
	if want := `s/main.tf new/main.tf gone/main.tf 1 "old"`; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
	disk, err := module.OpenDisk(dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	for _, rev := range []string{"nope", "--help"} {
		if _, err := linter.Run(context.Background(), linter.Options{Files: disk, Dirs: []string{"s"}, Top: ".", DiffBase: rev}); err == nil || !strings.Contains(err.Error(), rev) {
			t.Errorf("revision %s: %v", rev, err)
		}
	}
}

// TestIgnoreComment reads ignore comments.
func TestIgnoreComment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, rules, reason, doc, err string }{
		{`# titanicml-ignore: a reason="because \"x\""`, "a", `because "x"`, "", ""},
		{`// titanicml-ignore: a, b reason=short doc="d.md#h"`, "a b", "short", "d.md#h", ""},
		{`/* titanicml-ignore-file: a reason="r" */`, "a", "r", "", ""},
		{`<!-- titanicml-ignore: a reason="r" until=2027-01-31 -->`, "a", "r", "", ""},
		{`# titanicml-ignore:`, "", "", "", "no rule is named"},
		{`# titanicml-ignore: a reason="open`, "a", "", "", "missing closing quote"},
		{`# titanicml-ignore: a until=soon`, "a", "", "", "is not a date"},
		{`# titanicml-ignore: a raeson="x"`, "a", "", "", `did you mean "reason"`},
	} {
		ig, ok, err := ignore.Parse(c.text)
		if !ok || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v %v", c.text, ok, err)
		}
		if strings.Join(ig.Rules, " ") != c.rules || ig.Reason != c.reason || ig.Doc != c.doc {
			t.Errorf("%s: %+v", c.text, ig)
		}
	}
	if _, ok, _ := ignore.Parse("# an ordinary comment"); ok {
		t.Error("an ordinary comment is no ignore")
	}
}

// TestIgnoreUntil: an ignore counts on its last day, and no longer. The tests lint at the first moment of 2026-11-23.
func TestIgnoreUntil(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ until, want string }{
		{"2026-11-23", ""}, {"2026-11-22", "ignore_invalid log_retention"},
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"main.tf": "resource \"aws_cloudwatch_log_group\" \"a\" {} # titanicml-ignore: log_retention reason=\"r\" until=" + c.until + "\n"})
		var got []string
		for _, f := range lint(t, dir, linter.Options{Rules: rules.All(), Flags: linter.Flags{Only: []string{"log_retention", "ignore_invalid"}}}).Findings {
			got = append(got, f.Rule.Name)
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("until %s: %q, want %q", c.until, s, c.want)
		}
	}
}

// TestFingerprint: fingerprints survive moved lines and tell addresses apart.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	prints := func(text string) map[string]string {
		dir := t.TempDir()
		write(t, dir, map[string]string{"main.tf": text})
		out := map[string]string{}
		for _, f := range lint(t, dir, linter.Options{Rules: rules.All(), Flags: linter.Flags{Only: []string{"log_retention"}}}).Findings {
			out[f.Address] = f.Fingerprint()
		}
		return out
	}
	body := "resource \"aws_cloudwatch_log_group\" \"a\" {}\nresource \"aws_cloudwatch_log_group\" \"b\" {}\n"
	one, two := prints(body), prints("\n\n# moved\n"+body)
	if len(one) != 2 || one["aws_cloudwatch_log_group.a"] != two["aws_cloudwatch_log_group.a"] || one["aws_cloudwatch_log_group.a"] == one["aws_cloudwatch_log_group.b"] {
		t.Errorf("%v %v", one, two)
	}
}

// TestExclude checks that a rule's exclude paths count from the file that writes them.
func TestExclude(t *testing.T) {
	const queue = "resource \"aws_cloudwatch_log_group\" \"a\" {}\n"
	for _, c := range []struct {
		name, pattern string
		want          int
	}{
		{"none", "x/**", 2},
		{"from the file", "a/**", 1},
		{"from the working directory", "top/a/**", 1},
		{"another directory of that name", "b/a/**", 2},
		{"an address", "aws_cloudwatch_log_group.a", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"top/a/main.tf": queue, "top/b/main.tf": queue,
				"top/" + linter.ConfigName: "rule \"log_retention\" {\n  exclude = [\"" + c.pattern + "\"]\n}\n"})
			r := lint(t, dir, linter.Options{Rules: rules.All(), Recursive: true, Flags: linter.Flags{Only: []string{"log_retention"}}})
			if len(r.Findings) != c.want {
				t.Errorf("%d findings, want %d", len(r.Findings), c.want)
			}
		})
	}
}

// TestEvidence: what is found is the same finding when lines move, when the embedded tables learn and when its advice is worded anew,
// and another one when the evidence is.
func TestEvidence(t *testing.T) {
	t.Parallel()
	rule := &linter.Rule{Name: "r"}
	at := func(line int) hcl.Range { return hcl.Range{Filename: "s/main.tf", Start: hcl.Pos{Line: line}} }
	one := (&linter.Finding{Rule: rule, Address: "a.b", Message: "a.b lacks x; add it", Range: at(3)}).Fingerprint()
	for _, same := range []*linter.Finding{
		{Rule: rule, Address: "a.b", Message: "a.b lacks x; add it", Range: at(30)},
		{Rule: rule, Address: "a.b", Message: "a.b  lacks x; write it down", Range: at(3)},
		{Rule: rule, Address: "a.b", Message: "a.b lacks 3 of 7", Evidence: "a.b lacks x", Range: at(3)},
		{Rule: rule, Address: "a.b", Message: "a.b lacks x; add it", Range: hcl.Range{Filename: "s/other.tf"}},
	} {
		if same.Fingerprint() != one {
			t.Errorf("%+v is another finding", same)
		}
	}
	for _, other := range []*linter.Finding{
		{Rule: rule, Address: "a.b", Message: "a.b lacks y; add it", Range: at(3)},
		{Rule: rule, Address: "a.c", Message: "a.b lacks x; add it", Range: at(3)},
		{Rule: rule, Address: "a.b", Message: "a.b lacks x; add it", Range: hcl.Range{Filename: "t/main.tf"}},
		{Rule: &linter.Rule{Name: "q"}, Address: "a.b", Message: "a.b lacks x; add it", Range: at(3)},
	} {
		if other.Fingerprint() == one {
			t.Errorf("%+v is the same finding", other)
		}
	}
}

// TestFingerprintOfWildcard: how many actions a wildcard matches is what the table of actions knows, not what the policy says.
func TestFingerprintOfWildcard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"main.tf": `resource "aws_iam_policy" "p" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "arn:aws:s3:::b/*" }] })
}
`})
	result := lint(t, dir, linter.Options{Rules: rules.All(), Flags: linter.Flags{Only: []string{"iam_wildcard_action"}}})
	if len(result.Findings) != 1 {
		t.Fatalf("findings %v", result.Findings)
	}
	f := *result.Findings[0]
	before := f.Fingerprint()
	f.Message = regexp.MustCompile(`matches \d+ actions`).ReplaceAllString(f.Message, "matches 7 actions")
	if f.Message == result.Findings[0].Message || f.Fingerprint() != before {
		t.Errorf("%s: the count is part of the fingerprint", f.Message)
	}
}
