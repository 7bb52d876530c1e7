//go:build unix

package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runs says which blocks of which pages a test runs and compares, and which test that is. Any other block of commands or
// output needs a comment in the line before it that says why nothing runs it:
//
//	<!-- not run: needs an AWS account -->
var runs = []struct{ page, languages, by string }{
	{"README.md", "console text", "TestRepository"},
	{"docs/guides/first-hour.md", "console text", "TestRepository"},
	{"docs/guides/from-the-engine-to-aws.md", "console text", "TestRepository"},
	{"docs/01-data-ingestion.md", "console", "TestRepository"},
	{"docs/03-sagemaker-pipeline.md", "console", "TestRepository"},
	{"docs/05-cicd-github-actions.md", "console", "TestRepository"},
	{"docs/iterations/ITER-20261128-01.md", "console", "TestRepository"},
	{"examples/titanic/README.md", "console", "TestRepository"},
	{"docs/guides/from-zero-to-a-gated-endpoint.md", "console", "TestZeroToEndpoint"},
	{"docs/guides/gate-cookbook.md", "console text", "TestCookbook"},
	{"docs/guides/moving-from-aws-sagemaker-endpoint.md", "console", "TestCookbook"},
	{"docs/engine.md", "console", "TestEngine"},
	{"examples/quickstart/README.md", "sh", "TestDemo in examples/quickstart"},
	{"docs/guides/cost-estimates.md", "console", "TestCostGuide in linter/cmd/titanicml-lint"},
	{"docs/rules/*.md", "sh plain", "the rules' tests, over the files that these pages are generated from"},
	{"docs/functions/*.md", "text", "make generate: signatures from the provider's schema"},
	{"docs/resources/*.md", "shell", "TestImportExamples"},
}

// ran tells whether a test runs the blocks of this language on the page.
func ran(page, language string) bool {
	for _, r := range runs {
		if ok, _ := path.Match(r.page, page); ok && slices.Contains(strings.Fields(r.languages), language) {
			return true
		}
	}
	return false
}

// rehearsal is the command whose output TestRehearsal compares, in any page.
const rehearsal = "make stages"

// documents are the Markdown files of the repository, by their path in it. What is in testdata is input, not a document.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", ".tools", "bin", "dist", "testdata", ".terraform", ".titanicml"}, entry.Name()):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 60 {
		t.Fatalf("found only %d documents", len(found))
	}
	return found
}

// commandLanguages are those of blocks that hold commands; what has no language or is text is output, or a picture.
var commandLanguages = []string{"console", "sh", "shell", "bash"}

// TestEveryBlock accounts for each block of commands or output: a test runs it, or the page says why none does.
func TestEveryBlock(t *testing.T) {
	used := map[string]bool{}
	for _, name := range documents(t) {
		for _, b := range readPage(t, filepath.Join("..", name)).blocks {
			language := b.language
			if language == "" {
				language = "plain"
			}
			commands := slices.Contains(commandLanguages, language)
			if !commands && language != "text" && language != "plain" {
				continue // data, or a program that a guide writes to a file
			}
			reason, marked := b.attributes["not run"]
			switch {
			case marked && len(strings.Fields(reason)) < 2:
				t.Errorf("%s:%d: %q is no reason", name, b.line, reason)
			case marked, b.attributes["by"] == rehearsal:
			case ran(name, language):
				used[name] = true
			default:
				t.Errorf("%s:%d: no test runs this block; add the page to the list in blocks_test.go, or say in the line before the block why not: <!-- not run: needs an AWS account -->", name, b.line)
			}
			if commands && marked {
				plausible(t, name, b)
			}
		}
	}
	for _, r := range runs {
		if !slices.ContainsFunc(slices.Collect(keys(used)), func(name string) bool { ok, _ := path.Match(r.page, name); return ok }) {
			t.Errorf("%s has no block that %s could run", r.page, r.by)
		}
	}
}

func keys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

var (
	makeTarget = regexp.MustCompile(`(?:^|[(;&]\s*)make (?:--silent )?([a-z-]+)`)
	program    = regexp.MustCompile(`(?:^|\s|\()((?:\.\./)*(?:scripts|tools)/[a-z/-]+(?:\.sh)?)`)
)

// plausible checks what can be known of commands that cannot run here: they are shell, and what they name is there.
func plausible(t *testing.T, name string, b block) {
	t.Helper()
	script := b.text
	if b.language == "console" && strings.Contains(script, "$ ") {
		script = strings.Join(commandsOf(b.text), "\n")
	}
	script = placeholder.ReplaceAllString(script, "x")
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(script)
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("%s:%d: bash cannot read it: %v\n%s", name, b.line, err, output)
	}
	makefiles := ""
	for _, file := range []string{"../GNUmakefile", "../terraform/stages.mk"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		makefiles += string(content)
	}
	for line := range strings.Lines(script) {
		for _, m := range makeTarget.FindAllStringSubmatch(line, -1) {
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefiles) {
				t.Errorf("%s:%d: there is no target %s", name, b.line, m[1])
			}
		}
		for _, m := range program.FindAllStringSubmatch(line, -1) {
			if _, err := os.Stat(filepath.Join("..", strings.ReplaceAll(m[1], "../", ""))); err != nil {
				t.Errorf("%s:%d: %v", name, b.line, err)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`<[a-z]+>`)

// TestImportExamples holds each import on a reference page to the example above it: the same type and name. What an ID looks
// like is tested where the resources import.
func TestImportExamples(t *testing.T) {
	pages, err := filepath.Glob("resources/*.md")
	if err != nil || len(pages) < 7 {
		t.Fatalf("found the pages %v, %v", pages, err)
	}
	command := regexp.MustCompile(`(?m)^terraform import (titanicml_(\w+)\.(\w+)) \S+$`)
	for _, file := range pages {
		checked := false
		p := readPage(t, file)
		for _, b := range p.blocks {
			if b.language != "shell" {
				continue
			}
			m := command.FindStringSubmatch(b.text)
			if m == nil || m[2]+".md" != filepath.Base(file) {
				t.Errorf("%s:%d: expected terraform import titanicml_<page>.<name> ID, got %q", file, b.line, b.text)
				continue
			}
			declared := `resource "titanicml_` + m[2] + `" "` + m[3] + `"`
			if !strings.Contains(strings.Join(p.lines, "\n"), declared) {
				t.Errorf("%s:%d: imports %s, which no example on the page declares", file, b.line, m[1])
			}
			checked = true
		}
		if !checked {
			t.Errorf("%s shows no import", file)
		}
	}
}
