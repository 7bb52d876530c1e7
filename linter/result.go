package linter

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
	"github.com/titanicml/terraform-provider-titanicml/linter/source"
)

// Stats counts what a run did, for --stats.
type Stats struct {
	Roots, Modules, Files, Bytes, Lines int
	// Discover is the time until the root modules were known, Total the whole run.
	Discover, Total time.Duration
	// Parse is the time in reading and parsing root modules, Check that in evaluating them, parsing what they call, and the
	// rules; both summed over the workers.
	Parse, Check time.Duration
	// Rules are the rules by time, longest first; empty without Options.Timing.
	Rules []RuleStat
}

// RuleStat is the work of one rule. Time is summed over the workers.
type RuleStat struct {
	Name  string
	Calls int64
	Time  time.Duration
}

func (r *run) stats() Stats {
	c := r.cache.Stats()
	s := Stats{Roots: len(r.roots), Modules: c.Modules, Files: c.Files, Bytes: c.Bytes, Lines: c.Lines,
		Discover: r.discovery, Total: time.Since(r.started),
		Parse: time.Duration(r.loading.Load()), Check: time.Duration(r.evaluating.Load())}
	for name, t := range r.timing {
		if n := t.calls.Load(); n > 0 {
			s.Rules = append(s.Rules, RuleStat{Name: name, Calls: n, Time: time.Duration(t.nanos.Load())})
		}
	}
	slices.SortFunc(s.Rules, func(a, b RuleStat) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), strings.Compare(a.Name, b.Name))
	})
	return s
}

// distinct keeps one of the findings that say the same of the same place: instances of one block, and calls of one module.
func distinct(findings []*Finding) []*Finding {
	slices.SortStableFunc(findings, func(a, b *Finding) int {
		return cmp.Or(compareRange(a.Range, b.Range), strings.Compare(a.Rule.Name, b.Rule.Name))
	})
	type key struct{ rule, block, message string }
	out := findings[:0]
	var seen map[key]bool
	for i, f := range findings {
		if i == 0 || compareRange(f.Range, findings[i-1].Range) != 0 {
			seen = map[key]bool{}
		}
		msg := f.Message
		if f.Address != "" {
			msg = strings.ReplaceAll(msg, f.Address, "\x00")
		}
		if k := (key{f.Rule.Name, blockOf(f.Address), msg}); !seen[k] {
			seen[k] = true
			out = append(out, f)
		}
	}
	return out
}

// blockOf is the address of the block that an instance comes from: without module path and keys.
func blockOf(address string) string {
	block := plan.WithoutKeys(address)
	for {
		rest, ok := strings.CutPrefix(block, "module.")
		if !ok {
			return block
		}
		if _, block, ok = strings.Cut(rest, "."); !ok {
			return rest
		}
	}
}

// applyExcludes drops the findings in paths that the configuration excludes.
func (r *run) applyExcludes(findings []*Finding) []*Finding {
	return slices.DeleteFunc(findings, func(f *Finding) bool {
		return slices.ContainsFunc(r.configs.of(path.Dir(f.Range.Filename)).exclude, func(x excluded) bool {
			return match.Path(path.Join(x.dir, x.pattern), f.Range.Filename)
		})
	})
}

// snippets completes the source lines, and takes away every line that holds a secret.
func (r *run) snippets(findings []*Finding) {
	type line struct {
		file string
		n    int
	}
	secret := map[line]bool{}
	texts := map[string][]byte{}
	for _, f := range findings {
		if f.Secret {
			for n := f.Range.Start.Line; n <= f.Range.End.Line; n++ {
				secret[line{f.Range.Filename, n}] = true
			}
		}
	}
	for _, f := range findings {
		if f.Snippet == nil && f.Range.Start.Line > 0 && f.Range.Filename != "" {
			text, ok := texts[f.Range.Filename]
			if !ok {
				text, _ = r.files.ReadFile(f.Range.Filename, module.MaxText)
				texts[f.Range.Filename] = text
			}
			f.Snippet = source.Snippet(text, f.Range)
		}
		for i := range f.Snippet {
			if secret[line{f.Range.Filename, f.Range.Start.Line + i}] {
				f.Snippet = nil
				break
			}
		}
	}
}
