package rules

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/evidence"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/stages"
)

// StageEvidence wants each stage to come with a document that explains it.
var StageEvidence = &linter.Rule{
	Name:     "stage_evidence",
	Title:    "a stage must name an evidence document that is complete, names the stage and changes with it",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerRoot,
	Text: `The ` + "`titanicml_stage`" + ` of a stage names its document in ` + "`evidence`" + `. The document exists, mentions the stage's folder
(` + "`3_data`" + `) and has the seven sections, none of them empty.

With ` + "`--diff-base`" + ` a stage whose sources differ from that revision needs a document that differs too. Sources are what the ledger digests:
configuration files, templates and the lock file of the stage and of the local modules that it calls, not variable values.

` + evidence.SectionsText,
	Run: stageEvidence,
}

func stageEvidence(p *linter.Pass) {
	s, ok := stages.Of(p.Tree, p.Root.Dir)
	src := p.Root.Module.Source
	if !ok || src == nil {
		return
	}
	record := stages.Record(p.Root)
	if record == nil {
		p.Report(value.At(src.Place()), "stage %s names no evidence document; add a titanicml_stage with evidence", s.Folder)
		return
	}
	at := record.AttrRange("evidence")
	v := record.Attr("evidence")
	if v.Kind() == value.Absent || v.Kind() == value.Null {
		p.ReportOn(record, at, "%s names no evidence document for stage %s; set evidence", record.Address(), s.Folder)
		return
	}
	name, ok := v.Str()
	if !ok {
		return
	}
	file := name
	if !path.IsAbs(name) {
		file = path.Join(p.Root.Dir, name)
	}
	text, err := p.Tree.ReadFile(file)
	if err != nil {
		p.ReportOn(record, at, "%s names %s, which cannot be read; write the evidence of stage %s there", record.Address(), file, s.Folder)
		return
	}
	var missing, empty []string
	for _, fault := range evidence.Faults(string(text)) {
		if fault.Empty {
			empty = append(empty, fault.Title)
		} else {
			missing = append(missing, fault.Title)
		}
	}
	if len(missing) > 0 {
		p.ReportOn(record, at, "%s, the evidence of stage %s, lacks %s", file, s.Folder, strings.Join(missing, "; "))
	}
	if len(empty) > 0 {
		p.ReportOn(record, at, "%s, the evidence of stage %s, has nothing under %s", file, s.Folder, strings.Join(empty, "; "))
	}
	if !stages.Occurs(string(text), s.Folder) {
		p.ReportOn(record, at, "%s does not mention %s; say which part of it is the evidence of this stage", file, s.Folder)
	}
	if changed := changedSources(p); len(changed) > 0 {
		if same, err := p.Tree.Base().Changed(file); err == nil && !same {
			p.ReportOn(record, at, "stage %s differs from %s in %s, and its evidence %s does not; write down what changed and how it was checked",
				s.Folder, p.Tree.Base().Name, listed(changed), file)
		}
	}
}

// changedSources lists the stage's sources that differ from the base revision; none without one.
func changedSources(p *linter.Pass) []string {
	base := p.Tree.Base()
	if base == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, m := range p.Root.Modules() {
		if m.Source == nil || m.Call != nil && !m.Call.Local() || seen[m.Source.Dir] {
			continue
		}
		seen[m.Source.Dir] = true
		addSources(p.Tree.ReadDir, m.Source.Dir, true, seen)
		addSources(base.ReadDir, m.Source.Dir, true, seen)
	}
	var out []string
	for _, file := range slices.Sorted(maps.Keys(seen)) {
		if stageSource(path.Base(file)) {
			if changed, err := base.Changed(file); err == nil && changed {
				out = append(out, file)
			}
		}
	}
	return out
}

// addSources adds the source files of a module's directory, and the templates below it.
func addSources(readDir func(string) ([]fs.DirEntry, error), dir string, top bool, to map[string]bool) {
	entries, err := readDir(dir)
	if err != nil {
		return // not there on this side
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && !strings.HasPrefix(e.Name(), ".") && strings.Count(name, "/") < 64:
			addSources(readDir, name, false, to)
		case !e.IsDir() && stageSource(e.Name()) && (top || isTemplate(e.Name())):
			to[name] = true
		}
	}
}

func stageSource(name string) bool {
	source, _ := module.SourceName(name)
	return source || name == ".terraform.lock.hcl" || isTemplate(name)
}

func isTemplate(name string) bool {
	return slices.Contains([]string{".tftpl", ".tpl", ".tmpl"}, path.Ext(name))
}

// listed writes at most four items and how many more there are.
func listed(items []string) string {
	const most = 4
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
