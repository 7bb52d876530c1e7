package rules

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/evidence"
	"github.com/titanicml/terraform-provider-titanicml/linter/stages"
)

// PhaseDocs wants the documents of the phases beside numbered stages.
var PhaseDocs = &linter.Rule{
	Name:     "phase_docs",
	Title:    "every phase must have its document with the seven sections",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerTree,
	Text: `Where there are numbered stages, the folder ` + "`docs`" + ` (the nearest one beside or above them) holds the document of every phase, so that
somebody who was not there can understand and repeat it. A missing document is reported at the first stage, a missing or empty section in the
document.

` + evidence.SectionsText,
	Options: []linter.Option{
		{Name: "folder", Default: "docs", Text: "name of the documents' folder"},
		{Name: "files", Default: []string{"00-foundations.md", "01-data-ingestion.md", "02-training-validation.md", "03-sagemaker-pipeline.md",
			"04-serving-ecs-sagemaker.md", "05-cicd-github-actions.md", "06-observability-operations.md", "07-cost-governance.md"}, Text: "the documents, in the folder"},
	},
	Run: phaseDocs,
}

func phaseDocs(p *linter.Pass) {
	eachDocs(p, func(dir string, first stages.Stage) {
		for _, name := range p.Strings("files") {
			file := path.Join(dir, name)
			text, err := p.Tree.ReadFile(file)
			if err != nil {
				p.Report(stages.Place(p.Tree, first), "phase document %s is missing; write it with its seven sections", file)
				continue
			}
			reportSections(p, file, string(text))
		}
	})
}

// eachDocs calls f once for each folder of documents that belongs to stages, with the first of them.
func eachDocs(p *linter.Pass, f func(dir string, first stages.Stage)) {
	seen := map[string]bool{}
	for _, root := range stages.Roots(p.Tree) {
		dir := stages.DocsDir(p.Tree, root, p.Text("folder"))
		if seen[p.Tree.Abs(dir)] {
			continue
		}
		seen[p.Tree.Abs(dir)] = true
		for _, s := range stages.In(p.Tree, root) {
			if !s.Empty {
				f(dir, s)
				break
			}
		}
	}
}

// reportSections reports missing and empty sections in the document itself.
func reportSections(p *linter.Pass, file, text string) {
	var missing []string
	for _, fault := range evidence.Faults(text) {
		if !fault.Empty {
			missing = append(missing, fault.Title)
			continue
		}
		at := hcl.Pos{Line: fault.Line, Column: 1}
		p.Report(value.At(hcl.Range{Filename: file, Start: at, End: at}), "%s: the section %q is empty; write what was done, or why there is nothing", file, fault.Title)
	}
	if len(missing) > 0 {
		p.Report(fileStart(file), "%s lacks %s", file, strings.Join(missing, "; "))
	}
}
