package linter

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/ignore"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// applyIgnores drops the findings that valid ignores cover, and adds findings about ignores that are wrong or match nothing.
func (r *run) applyIgnores(findings []*Finding) []*Finding {
	r.findTextIgnores(findings)
	invalid, unused := r.rule("ignore_invalid"), r.rule("ignore_unused")
	var about []*Finding
	var known, documented []string
	for _, rule := range r.o.Rules {
		known = append(known, rule.Name)
		if rule.Documented {
			documented = append(documented, rule.Name)
		}
	}
	names := slices.Sorted(maps.Keys(r.ignores))
	for _, name := range names {
		docExists := func(doc string) error { return r.docExists(doc, path.Dir(name)) }
		for _, ig := range r.ignores[name].List {
			problems := ig.Problems(known, documented, r.o.Now, docExists)
			ig.Counts = len(problems) == 0
			for _, p := range problems {
				about = r.aboutIgnore(about, invalid, ig, p)
			}
		}
	}
	kept := slices.DeleteFunc(findings, r.ignored)
	for _, name := range names {
		if !r.within(name) {
			continue // a called module outside the run's directories: another caller may need the ignore
		}
		for _, ig := range r.ignores[name].List {
			for _, rule := range ig.Rules {
				if ig.Counts && !ig.Used[rule] && r.ran(rule, name) {
					about = r.aboutIgnore(about, unused, ig, fmt.Sprintf("ignore of %s matches no finding; remove it", rule))
				}
			}
		}
	}
	return append(kept, about...)
}

func (r *run) ignored(f *Finding) bool {
	places := append([]hcl.Range{f.Range}, f.Callers...)
	hit := false
	for _, at := range places {
		if fi := r.ignores[at.Filename]; fi != nil {
			for _, ig := range fi.List {
				if ig.Covers(f.Rule.Name, at.Start.Line) {
					ig.Used[f.Rule.Name] = true
					hit = true
				}
			}
		}
	}
	return hit
}

func (r *run) rule(name string) *Rule {
	i := slices.IndexFunc(r.o.Rules, func(x *Rule) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return r.o.Rules[i]
}

func (r *run) ran(name, file string) bool {
	rule := r.rule(name)
	return rule != nil && r.configs.runs(rule, r.configs.of(path.Dir(file)).rules[name])
}

func (r *run) within(file string) bool {
	for _, d := range r.o.Dirs {
		d = path.Clean(d)
		if path.Dir(file) == d || r.o.Recursive && (d == "." || strings.HasPrefix(file, d+"/")) {
			return true
		}
	}
	return false
}

func (r *run) aboutIgnore(to []*Finding, rule *Rule, ig *ignore.Ignore, msg string) []*Finding {
	if rule == nil {
		return to
	}
	s := r.configs.of(path.Dir(ig.At.Filename)).rules[rule.Name]
	if !r.configs.runs(rule, s) || s.excludes("", "", ig.At.Filename) {
		return to
	}
	return append(to, &Finding{Rule: rule, Severity: s.severity, Message: msg, Range: ig.At})
}

// docExists looks for a document from the root directory and from the directory of the file that names it.
func (r *run) docExists(doc, dir string) error {
	name, heading, _ := strings.Cut(doc, "#")
	text, err := r.files.ReadFile(path.Join(r.o.Files.Root(), name), module.MaxText)
	if err != nil {
		if text, err = r.files.ReadFile(path.Join(dir, name), module.MaxText); err != nil {
			return fmt.Errorf("doc %q does not exist", name)
		}
	}
	if heading == "" || ignore.HasHeading(text, heading) {
		return nil
	}
	return fmt.Errorf("doc %q has no heading %q", name, heading)
}

// findTextIgnores scans the files with findings that were not parsed as HCL.
func (r *run) findTextIgnores(findings []*Finding) {
	done := map[string]bool{}
	for _, f := range findings {
		name := f.Range.Filename
		source, _ := module.SourceName(path.Base(name))
		if source || done[name] || name == "" {
			continue
		}
		done[name] = true
		if text, err := r.files.ReadFile(name, module.MaxText); err == nil {
			if ig := ignore.InText(name, text); ig != nil {
				r.ignores[name] = ig
			}
		}
	}
}
