package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	traceRow   = regexp.MustCompile(`(?m)^\| (.+?) \| (.+) \|$`)
	traceToken = regexp.MustCompile("`([^`]+)`")
	traceStage = regexp.MustCompile(`\bstages? ([0-9])(?:(?:, | and | to )([0-9]))*`)
	traceRule  = regexp.MustCompile(`\brules? ((?:` + "`[a-z0-9_*]+`" + `(?:, | and )?)+)`)
)

// TestTraceability looks whether everything that the page names is there, and whether each item of the founding document has its row.
func TestTraceability(t *testing.T) {
	content, err := os.ReadFile("traceability.md")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := os.ReadFile("testdata/founding-items.txt")
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, row := range traceRow.FindAllStringSubmatch(string(content), -1) {
		item, held := row[1], row[2]
		if item == "Item" || item == "Service" || strings.HasPrefix(item, "---") {
			continue
		}
		items = append(items, item)
		named := traceRule.ReplaceAllString(held, "")
		for _, rules := range traceRule.FindAllStringSubmatch(held, -1) {
			for _, rule := range traceToken.FindAllStringSubmatch(rules[1], -1) {
				page := "rules/" + rule[1] + ".md"
				if resource, ok := strings.CutPrefix(rule[1], "titanicml_"); ok {
					page = "resources/" + resource + ".md" // named in the same breath
				}
				if pages, _ := filepath.Glob(page); len(pages) == 0 {
					t.Errorf("%s: there is no %s", item, page)
				}
			}
		}
		for _, token := range traceToken.FindAllStringSubmatch(named, -1) {
			if problem := isThere(t, token[1]); problem != "" {
				t.Errorf("%s: `%s` %s", item, token[1], problem)
			}
		}
		for _, stage := range traceStage.FindAllStringSubmatch(held, -1) {
			if found, _ := filepath.Glob("../terraform/" + stage[1] + "_*"); len(found) != 1 {
				t.Errorf("%s: there is no stage %s", item, stage[1])
			}
		}
		if !strings.Contains(held, "`") && !traceStage.MatchString(held) && !regexp.MustCompile(`people|the same|template|README|rule|Lambda|lambda|CI|documents|one per`).MatchString(held) {
			t.Errorf("%s: %q names nothing", item, held)
		}
	}
	for _, item := range strings.Split(strings.TrimSpace(string(listed)), "\n") {
		if !slices.Contains(items, item) {
			t.Errorf("%q has no row any more", item)
		}
	}
	if len(items) < 80 {
		t.Errorf("the page has %d rows", len(items))
	}
}

// isThere says what is wrong with a name of the page, nothing when it is there.
func isThere(t *testing.T, name string) string {
	t.Helper()
	words := strings.Fields(name)
	if words[0] == "make" {
		for _, file := range []string{"../GNUmakefile", "../terraform/stages.mk"} {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(content) {
				return ""
			}
		}
		return "is no target"
	}
	if strings.HasSuffix(words[0], ".yml") {
		if _, err := os.Stat("../.github/workflows/" + words[0]); err != nil {
			return "is no workflow"
		}
		return ""
	}
	if strings.Contains(words[0], "/") {
		if _, err := os.Stat("../" + words[0]); err != nil {
			return "is not there"
		}
		return ""
	}
	// Anything else is written in the stages, or an argument, a program or a template of this repository.
	word := strings.ReplaceAll(strings.ReplaceAll(words[0], "<env>", "${var.env}"), "…", "")
	if kind, label, ok := strings.Cut(word, "."); ok && strings.HasPrefix(word, "aws_") {
		word = `resource "` + kind + `" "` + label + `"`
	}
	word = strings.Replace(word, "titanic-${var.env}", "${local.name}", 1)
	for _, place := range []string{"../terraform", "resources", "../linter/cmd", "../.github"} {
		found := false
		err := filepath.WalkDir(place, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || found || entry.IsDir() {
				return err
			}
			if strings.Contains(file, word) {
				found = true
				return fs.SkipAll
			}
			switch filepath.Ext(file) {
			case ".tf", ".hcl", ".md", ".yml":
				content, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				if strings.Contains(string(content), word) {
					found = true
					return fs.SkipAll
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if found {
			return ""
		}
	}
	return "is written nowhere in the stages, the reference or the workflows"
}
