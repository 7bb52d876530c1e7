package rules

import (
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// PromotionWithoutRequirements wants every gate to be able to say no.
var PromotionWithoutRequirements = &linter.Rule{
	Name:     "promotion_without_requirements",
	Title:    "a promotion must have requirements that can reject a candidate",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerResource,
	Types:    []string{"titanicml_promotion"},
	Text: `A gate that lets everything through is none. A titanicml_promotion has at least one requirement that rejects (` + "`severity`" + ` is not
"warn") and that decides without a champion: ` + "`versus_champion`" + ` alone says nothing about the first candidate. A bound that every model meets, such as
accuracy at least 0, is a finding of its own. A ` + "`dry_run`" + ` changes nothing and needs none. Bounds that are unknown here count as bounds.`,
	Run: promotionWithoutRequirements,
}

// shares are the metrics that lie between 0 and 1.
var shares = []string{"accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "auc", "average_precision", "macro_precision", "macro_recall",
	"macro_f1", "weighted_precision", "weighted_recall", "weighted_f1", "false_positive_rate", "false_negative_rate", "positive_rate", "brier", "expected_calibration_error"}

func promotionWithoutRequirements(p *linter.Pass) {
	r := p.Resource
	if dry, ok := r.Attr("dry_run").Bool(); ok && dry {
		return
	}
	at := r.AttrRange("requirements")
	list, open := requirementsOf(r.Attr("requirements"))
	if len(list) == 0 && !open {
		p.Report(at, "%s has no requirements; every candidate would become the champion", r.Address())
		return
	}
	rejects, decides := open, open
	for _, q := range list {
		if q.kind < 0 {
			p.Report(q.elem, "%s bounds nothing with its requirement on %s; set min, max, max_gap or versus_champion", r.Address(), q.name())
			continue
		}
		if q.vacuous() {
			p.Report(q.elem, "%s requires %s, which every model meets", r.Address(), q.text())
			continue
		}
		if blocks, known := q.blocking(); blocks || !known {
			rejects = true
			decides = decides || bounds[q.kind].path[0] != "versus_champion"
		}
	}
	switch {
	case !rejects:
		p.Report(at, "%s has no requirement that rejects; make one block", r.Address())
	case !decides:
		p.Report(at, "%s only compares with the champion; without one any candidate is promoted, add a min or max", r.Address())
	}
}

// vacuous reports a bound at the end of what the metric can be.
func (q requirement) vacuous() bool {
	n, known := q.bound.Float()
	relative := q.elem.Get("versus_champion").Get("relative")
	if !known || !slices.Contains(shares, q.metric) || relative.Kind() == value.Unknown {
		return false
	}
	switch bounds[q.kind].name {
	case "min":
		return n <= 0
	case "versus_champion.min_gain":
		return n <= -1
	}
	return n >= 1
}
