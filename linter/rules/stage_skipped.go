package rules

import (
	"fmt"
	"path"

	"github.com/titanicml/terraform-provider-titanicml/linter"
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
	for _, root := range stagesRoots(p.Tree) {
		sequence(p, stagesIn(p.Tree, root))
		for _, dir := range p.Tree.Roots {
			if _, ok := stageOf(p.Tree, dir); !ok && dir != root && above(dir) == root {
				p.Report(stagePlace(p.Tree, stage{dir: dir}), "root module %s has no number among the stages of %s; name it N_%s, or call it as a module",
					dir, root, path.Base(p.Tree.Abs(dir)))
			}
		}
	}
}

func sequence(p *linter.Pass, stages []stage) {
	for i, s := range stages {
		at := stagePlace(p.Tree, s)
		if s.empty { // a folder without files has no place of its own
			at = stagePlace(p.Tree, neighbour(stages, i))
			p.Report(at, "stage %s holds no Terraform files; add the stage or remove the folder", s.folder)
		}
		if i == 0 {
			if s.number > 1 {
				p.Report(at, "stage %s is the first; %s missing before it", s.folder, numbers(1, s.number-1))
			}
			continue
		}
		before := stages[i-1]
		switch {
		case s.number == before.number:
			p.Report(at, "stage %s has the number of %s; which is applied first is undefined, give each stage its own number", s.folder, before.folder)
		case s.number > before.number+1:
			p.Report(at, "stage %s follows %s; %s missing between them", s.folder, before.folder, numbers(before.number+1, s.number-1))
		}
		if s.number != before.number && s.folder < before.folder {
			p.Report(at, "stage %s sorts before %s; write all numbers with the same count of digits", s.folder, before.folder)
		}
	}
}

// neighbour is the next stage with files, else the nearest before.
func neighbour(stages []stage, i int) stage {
	for _, s := range stages[i:] {
		if !s.empty {
			return s
		}
	}
	for i--; i > 0 && stages[i].empty; i-- {
	}
	return stages[max(i, 0)]
}

func numbers(from, to int) string {
	if from == to {
		return fmt.Sprintf("stage %d is", from)
	}
	return fmt.Sprintf("stages %d to %d are", from, to)
}
