package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// PromotionWeakened shows a reviewer every change that makes a gate easier to pass.
var PromotionWeakened = &linter.Rule{
	Name:     "promotion_weakened",
	Title:    "a change must not make a promotion easier to pass without being seen",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerRoot,
	Text: `With ` + "`--diff-base`" + ` every titanicml_promotion is compared with itself in that revision: a bound moved the easy way (a lower min or
min_gain, a higher max, max_gap or max_drop), a lower confidence, fewer examples, a requirement removed or turned to "warn", ` + "`evidence`" + ` that
asks for less (min_examples, max_age, max_p95_latency_ms, max_training_cost_usd, leakage_check, dataset_sha256), an approval dropped, or the
promotion itself. The message quotes old and new.

Both sides are evaluated with the variables of their own files, and once more with each variable file in the stage's folder and in the folders
below it (` + "`env/prod.tfvars`" + `), because that is where thresholds live. What is unknown on one side is not compared. Without ` + "`--diff-base`" + ` the rule does
nothing.`,
	Run: promotionWeakened,
}

func promotionWeakened(p *linter.Pass) {
	base := p.Tree.Base()
	if base == nil || p.Root.Module.Source == nil || len(p.Root.OfType("titanicml_promotion")) == 0 && !hadPromotion(base, p.Root.Dir) {
		return
	}
	said := map[string]bool{}
	for _, file := range append([]string{""}, variableFiles(p)...) {
		var extra []string
		note := ""
		if file != "" {
			extra, note = []string{file}, " (with "+file+")"
		}
		then, now, err := base.With(p.Root.Dir, extra...)
		if err != nil || then == nil || now == nil {
			continue
		}
		d := &gateDiff{pass: p, note: note, said: said}
		d.roots(then, now, file == "")
	}
}

// hadPromotion reports whether the base revision's module may have declared a promotion, without parsing it.
func hadPromotion(base *linter.Base, dir string) bool {
	entries, err := base.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if source, _ := module.SourceName(e.Name()); source && !e.IsDir() {
			if text, err := base.ReadFile(path.Join(dir, e.Name())); err == nil && strings.Contains(string(text), "titanicml_promotion") {
				return true
			}
		}
	}
	return false
}

// maxVariableFiles bounds how often a root module is evaluated again.
const maxVariableFiles = 32

// variableFiles lists the variable files that Terraform does not load by itself, in the root module's folder and one below.
func variableFiles(p *linter.Pass) []string {
	var out []string
	var list func(dir string, below bool)
	list = func(dir string, below bool) {
		entries, err := p.Tree.ReadDir(dir)
		if err != nil {
			return
		}
		for _, e := range entries {
			n := strings.TrimSuffix(e.Name(), ".json")
			switch {
			case e.IsDir() && below && !strings.HasPrefix(n, "."):
				list(path.Join(dir, n), false)
			case !e.IsDir() && strings.HasSuffix(n, ".tfvars") && n != "terraform.tfvars" && !strings.HasSuffix(n, ".auto.tfvars") && len(out) < maxVariableFiles:
				out = append(out, path.Join(dir, e.Name()))
			}
		}
	}
	list(p.Root.Dir, true)
	slices.Sort(out)
	return out
}

// gateDiff compares the promotions of two evaluations of a root module.
type gateDiff struct {
	pass *linter.Pass
	note string
	// said holds what was reported with other variable files.
	said map[string]bool
}

func (d *gateDiff) roots(then, now *eval.Root, removed bool) {
	current := now.OfType("titanicml_promotion")
	for _, was := range then.OfType("titanicml_promotion") {
		is := counterpart(was, current)
		if is != nil {
			d.promotion(was, is)
		} else if removed {
			f := d.pass.Report(value.At(d.pass.Root.Module.Source.Place()), "%s was removed; its group has no gate here any more", was.Address())
			f.Address = was.Address()
		}
	}
}

// counterpart finds a promotion by its address, else by its group.
func counterpart(was *eval.Resource, current []*eval.Resource) *eval.Resource {
	for _, r := range current {
		if r.Address() == was.Address() {
			return r
		}
	}
	for _, r := range current {
		if same, known := r.Attr("model_package_group").Equal(was.Attr("model_package_group")); same || !known {
			return r
		}
	}
	return nil
}

// report says it once, at the value when that is written in the promotion's module.
func (d *gateDiff) report(r *eval.Resource, attr string, places []value.Value, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if key := r.Address() + text; !d.said[key] {
		d.said[key] = true
		at := value.Locator(r.AttrRange(attr))
		for _, v := range places {
			if rng := v.Range(); rng.Filename != "" && r.Module.Source != nil && r.Module.Source.File(rng.Filename) != nil {
				at = v
				break
			}
		}
		d.pass.ReportOn(r, at, "%s %s%s", r.Address(), text, d.note)
	}
}

func (d *gateDiff) promotion(was, is *eval.Resource) {
	d.requirements(was, is)
	old, young := was.Attr("evidence"), is.Attr("evidence")
	for _, b := range []struct {
		name  string
		lower bool
	}{{"min_examples", true}, {"max_age", false}, {"max_p95_latency_ms", false}, {"max_training_cost_usd", false}} {
		d.bound(is, "evidence", "evidence."+b.name, old.Get(b.name), young.Get(b.name), b.lower)
	}
	a, b := old.Get("dataset_sha256"), young.Get("dataset_sha256")
	if a.IsSet() && !b.IsSet() {
		d.report(is, "evidence", []value.Value{young}, "drops evidence.dataset_sha256 %s", shownValue(a))
	}
	if x, y := leakage(old.Get("leakage_check")), leakage(young.Get("leakage_check")); x >= 0 && y >= 0 && y < x {
		d.report(is, "evidence", []value.Value{young.Get("leakage_check"), young}, "turns evidence.leakage_check from %s to %s",
			shownValue(old.Get("leakage_check")), shownValue(young.Get("leakage_check")))
	}
	old, young = was.Attr("approval"), is.Attr("approval")
	for _, name := range []string{"required", "distinct_from_trainer"} {
		a, b := old.Get(name), young.Get(name)
		if on, known := a.Bool(); known && on {
			if still, known := b.Bool(); known && !still || b.Kind() == value.Absent || b.Kind() == value.Null {
				d.report(is, "approval", []value.Value{b, young}, "turns approval.%s from true to %s", name, shownValue(b))
			}
		}
	}
	d.bound(is, "approval", "approval.min_age", old.Get("min_age"), young.Get("min_age"), true)
}

// leakage ranks leakage_check: off, when possible, demanded; -1 when unknown.
func leakage(v value.Value) int {
	if on, ok := v.Bool(); ok {
		return map[bool]int{false: 0, true: 2}[on]
	}
	if v.Kind() == value.Absent || v.Kind() == value.Null {
		return 1
	}
	return -1
}

// bound reports a number or duration that moved the easy way or went away.
func (d *gateDiff) bound(is *eval.Resource, attr, name string, old, young value.Value, lower bool) {
	if change := moved(old, young, lower); change != "" {
		d.report(is, attr, []value.Value{young, is.Attr(attr)}, "%s %s from %s to %s", change, name, shownValue(old), shownValue(young))
	}
}

// moved says how a bound moved when it asks for less than before: "lowers", "raises" or "drops".
func moved(old, young value.Value, lower bool) string {
	before, ok := amount(old)
	if !ok {
		return ""
	}
	if young.Kind() == value.Absent || young.Kind() == value.Null {
		return "drops"
	}
	after, ok := amount(young)
	switch {
	case !ok:
		return ""
	case lower && after < before:
		return "lowers"
	case !lower && after > before:
		return "raises"
	}
	return ""
}

// amount is a known number, or a duration in seconds.
func amount(v value.Value) (float64, bool) {
	if n, ok := v.Float(); ok {
		return n, true
	}
	if s, ok := v.Str(); ok {
		if age, err := time.ParseDuration(s); err == nil {
			return age.Seconds(), true
		}
	}
	return 0, false
}

// requirements looks for each old requirement among the new ones: one that asks for as much is enough.
func (d *gateDiff) requirements(was, is *eval.Resource) {
	before, _ := requirementsOf(was)
	after, open := requirementsOf(is)
	for _, old := range before {
		if blocks, known := old.blocking(); !blocks || !known || old.kind < 0 {
			continue // a warning that goes away lets nothing more through
		}
		var nearest *requirement
		var changes []string
		met := false
		for i := range after {
			if !old.same(after[i]) {
				continue
			}
			c := weaker(old, after[i])
			met = met || len(c) == 0
			if nearest == nil || len(c) < len(changes) {
				nearest, changes = &after[i], c
			}
		}
		switch {
		case met:
		case nearest != nil:
			for _, c := range changes {
				d.report(is, "requirements", []value.Value{nearest.bound, nearest.elem}, "%s", c)
			}
		case !open:
			d.report(is, "requirements", []value.Value{is.Attr("requirements")}, "no longer requires %s", old.text())
		}
	}
}

// weaker lists how a requirement asks for less than it did.
func weaker(old, young requirement) []string {
	var out []string
	add := func(what string, a, b value.Value, lower bool) {
		if change := moved(a, b, lower); change != "" {
			out = append(out, fmt.Sprintf("%s %s from %s to %s", change, what, shownValue(a), shownValue(b)))
		}
	}
	add(old.name(), old.bound, young.bound, bounds[old.kind].lower)
	add("the confidence of "+old.text(), old.confidence(), young.confidence(), true)
	add("min_examples of "+old.text(), old.elem.Get("min_examples"), young.elem.Get("min_examples"), true)
	if blocks, known := young.blocking(); known && !blocks {
		out = append(out, fmt.Sprintf("turns %s from block to warn", old.text()))
	}
	return out
}
