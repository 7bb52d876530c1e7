package rules

import (
	"fmt"
	"path"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/stages"
)

// StageSkipped holds the folders of a stages root to one sequence.
var StageSkipped = &linter.Rule{
	Name:     "stage_skipped",
	Title:    "numbered stages must form a sequence without gaps or duplicates",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerTree,
	Text: `Stages are root modules in folders named ` + "`N_name`" + ` (` + "`1_foundation`, `2_networking`" + `) beside each other. They are applied
by number, so the numbers start at 1 (or 0), leave nothing out and occur once; folders sort as their numbers do, which needs leading zeros
from the tenth stage on; a numbered folder without Terraform files is a stage that is not there. A root module beside them without a
number is outside the sequence: nothing says when it is applied. Modules that stages call are no stages.`,
	Run: stageSkipped,
}

func stageSkipped(p *linter.Pass) {
	for _, root := range stages.Roots(p.Tree) {
		sequence(p, stages.In(p.Tree, root))
		for _, dir := range p.Tree.Roots {
			if _, ok := stages.Of(p.Tree, dir); !ok && dir != root && stages.Above(dir) == root {
				p.Report(stages.Place(p.Tree, stages.Stage{Dir: dir}), "root module %s has no number among the stages of %s; name it N_%s, or call it as a module",
					dir, root, path.Base(p.Tree.Abs(dir)))
			}
		}
	}
}

func sequence(p *linter.Pass, all []stages.Stage) {
	for i, s := range all {
		at := stages.Place(p.Tree, s)
		if s.Empty { // a folder without files has no place of its own
			at = stages.Place(p.Tree, neighbour(all, i))
			p.Report(at, "stage %s holds no Terraform files; add the stage or remove the folder", s.Folder)
		}
		if i == 0 {
			if s.Number > 1 {
				p.Report(at, "stage %s is the first; %s missing before it", s.Folder, numbers(1, s.Number-1))
			}
			continue
		}
		before := all[i-1]
		switch {
		case s.Number == before.Number:
			p.Report(at, "stage %s has the number of %s; which is applied first is undefined, give each stage its own number", s.Folder, before.Folder)
		case s.Number > before.Number+1:
			p.Report(at, "stage %s follows %s; %s missing between them", s.Folder, before.Folder, numbers(before.Number+1, s.Number-1))
		}
		if s.Number != before.Number && s.Folder < before.Folder {
			p.Report(at, "stage %s sorts before %s; write all numbers with the same count of digits", s.Folder, before.Folder)
		}
	}
}

// neighbour is the next stage with files, else the nearest before.
func neighbour(all []stages.Stage, i int) stages.Stage {
	for _, s := range all[i:] {
		if !s.Empty {
			return s
		}
	}
	for i--; i > 0 && all[i].Empty; i-- {
	}
	return all[max(i, 0)]
}

func numbers(from, to int) string {
	if from == to {
		return fmt.Sprintf("stage %d is", from)
	}
	return fmt.Sprintf("stages %d to %d are", from, to)
}
