package report

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
)

// Pages writes the Markdown page of every rule and the index, by file name, from the metadata and the examples in
// testdata/<rule>/bad.tf and good.tf.
func Pages(rules []*linter.Rule, examples fs.FS) (map[string]string, error) {
	pages := map[string]string{}
	var index strings.Builder
	index.WriteString("# Rules\n\nGenerated from the linter's metadata; `titanicml-lint rules NAME` prints the same.\n\n| Rule | Severity | What it wants |\n|---|---|---|\n")
	for _, r := range rules {
		page := Page(r)
		for _, ex := range []struct{ name, title string }{{"bad", "Findings"}, {"good", "No findings"}} {
			if text, err := fs.ReadFile(examples, r.Name+"/"+ex.name+".tf"); err == nil {
				page += fmt.Sprintf("\n## %s\n\n```hcl\n%s\n```\n", ex.title, strings.TrimSpace(wantToComment(string(text))))
				continue
			}
			tree, err := exampleTree(examples, r.Name+"/"+ex.name)
			if err != nil {
				return nil, fmt.Errorf("read examples of %s: %w", r.Name, err)
			}
			if tree != "" {
				page += fmt.Sprintf("\n## %s\n%s", ex.title, tree)
			}
		}
		pages[r.Name+".md"] = page
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s |\n", r.Name, r.Name, r.Severity, r.Title)
	}
	pages["README.md"] = index.String()
	return pages, nil
}

// exampleTree shows the files of an example that is a directory, each in a fence of its own; empty without one. Fences have four
// marks because Markdown is among the files.
func exampleTree(examples fs.FS, dir string) (string, error) {
	if _, err := fs.Stat(examples, dir); err != nil {
		return "", nil
	}
	var b strings.Builder
	err := fs.WalkDir(examples, dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(examples, name)
		if err != nil {
			return err
		}
		language := map[string]string{".tf": "hcl", ".hcl": "hcl", ".yml": "yaml", ".md": "markdown", ".sh": "sh"}[path.Ext(name)]
		fmt.Fprintf(&b, "\n`%s`\n\n````%s\n%s\n````\n", strings.TrimPrefix(name, dir+"/"), language, strings.TrimSpace(wantToComment(string(text))))
		return nil
	})
	return b.String(), err
}

var wantMark = regexp.MustCompile(`[ \t]*(?:# want(?:\([+-]\d+\))? .*|<!-- want .*-->)`)

func wantToComment(s string) string { return wantMark.ReplaceAllString(s, "") }

// Page is a rule's description.
func Page(r *linter.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s. Severity: %s. Since %s.\n\n%s\n", r.Name, upperFirst(r.Title), r.Severity, r.Since, strings.TrimSpace(r.Text))
	if r.Disabled {
		b.WriteString("\nThe rule is off unless the configuration or `--enable-rule` turns it on.\n")
	}
	if len(r.Options) > 0 {
		b.WriteString("\n## Settings\n\n| Name | Default | Meaning |\n|---|---|---|\n")
		for _, o := range r.Options {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", o.Name, strings.ReplaceAll(HCL(o.Default), "|", `\|`), o.Text)
		}
		fmt.Fprintf(&b, "\n```hcl\nrule %q {\n", r.Name)
		for _, o := range r.Options {
			fmt.Fprintf(&b, "  %s = %s\n", o.Name, HCL(o.Default))
		}
		b.WriteString("}\n```\n")
	}
	if r.Run != nil { // the rules on ignore comments cannot be ignored
		b.WriteString(ignoring(r))
	}
	return b.String()
}

// ignoring says how a finding of the rule is left out.
func ignoring(r *linter.Rule) string {
	what, comment := "gives its reason", fmt.Sprintf(`# titanicml-ignore: %s reason="why this one is meant"`, r.Name)
	if r.Documented {
		what += " and a document that exists"
		comment += ` doc="docs/FILE.md#HEADING"`
	}
	return fmt.Sprintf("\n## Ignoring a finding\n\nA finding that is meant is left out by a comment on its line, or on the line above it, that %s:\n\n```hcl\n%s\n```\n\n"+
		"[ignore_invalid](ignore_invalid.md) tells what a comment covers, and how it expires.\n", what, comment)
}

// HCL writes an option's value as the configuration file would.
func HCL(v any) string {
	switch v := v.(type) {
	case string:
		return quoteHCL(v)
	case []string:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = quoteHCL(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]string:
		parts := make([]string, 0, len(v))
		for k, s := range v {
			parts = append(parts, k+" = "+quoteHCL(s))
		}
		sort.Strings(parts)
		return braces(parts)
	case map[string][]string:
		parts := make([]string, 0, len(v))
		for k, l := range v {
			parts = append(parts, k+" = "+HCL(l))
		}
		sort.Strings(parts)
		return braces(parts)
	}
	return fmt.Sprint(v)
}

func braces(parts []string) string {
	if len(parts) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func quoteHCL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "${", "$${", "%{", "%%{").Replace(s) + `"`
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	if word, _, _ := strings.Cut(s, " "); strings.Contains(word, ":") {
		return s // an action, iam:PassRole, is spelled as it is
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// WritePages makes a directory hold exactly the pages.
func WritePages(dir string, pages map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, ok := pages[filepath.Base(name)]; !ok {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	names := make([]string, 0, len(pages))
	for n := range pages {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte(pages[n]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
