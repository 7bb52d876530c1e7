package rules

import (
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/evidence"
	"github.com/titanicml/terraform-provider-titanicml/linter/stages"
)

// IterationDocs wants the diary of the work beside numbered stages.
var IterationDocs = &linter.Rule{
	Name:     "iteration_docs",
	Title:    "every iteration must be documented as ITER-YYYYMMDD-XX.md with the seven sections",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerTree,
	Text: `Where there are numbered stages, ` + "`docs/iterations`" + ` holds one document for each iteration, at least one, named by its date and a
number of two digits: ` + "`ITER-20261123-01.md`" + `. ` + "`README.md` and `TEMPLATE.md`" + ` may stand beside them.

` + evidence.SectionsText,
	Options: []linter.Option{
		{Name: "folder", Default: "docs", Text: "name of the documents' folder, in which iterations lies"},
	},
	Run: iterationDocs,
}

var iterationName = regexp.MustCompile(`^ITER-([0-9]{8})-[0-9]{2}\.md$`)

func iterationDocs(p *linter.Pass) {
	eachDocs(p, func(docs string, first stages.Stage) {
		dir := path.Join(docs, "iterations")
		entries, err := p.Tree.ReadDir(dir)
		found := false
		for _, e := range entries {
			name := strings.ToLower(e.Name())
			if err != nil || e.IsDir() || !strings.HasSuffix(name, ".md") || name == "readme.md" || name == "template.md" {
				continue
			}
			file := path.Join(dir, e.Name())
			m := iterationName.FindStringSubmatch(e.Name())
			if m == nil {
				p.Report(fileStart(file), "%s is not named ITER-YYYYMMDD-XX.md", file)
				continue
			}
			if _, err := time.Parse("20060102", m[1]); err != nil {
				p.Report(fileStart(file), "%s is named after %s, which is no date (YYYYMMDD)", file, m[1])
			}
			found = true
			if text, err := p.Tree.ReadFile(file); err == nil {
				reportSections(p, file, string(text))
			}
		}
		if !found {
			p.Report(stages.Place(p.Tree, first), "%s documents no iteration; write ITER-YYYYMMDD-XX.md for what was done", dir)
		}
	})
}

func fileStart(file string) value.Locator {
	return value.At(hcl.Range{Filename: file, Start: hcl.InitialPos, End: hcl.InitialPos})
}
