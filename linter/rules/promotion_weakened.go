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
below it (` + "`env/prod.tfvars`" + `), because that is where thresholds live. Of a conditional that no variable file decides both alternatives are
compared, and the message says when it holds. What is unknown on one side is not compared. Without ` + "`--diff-base`" + ` the rule does
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
	// changes are those of one promotion, in the order in which they were found; current is the case that is looked at.
	changes []*change
	current int
}

// change is what one promotion asks less, in some of the cases that undecided conditions leave.
type change struct {
	attr, text string
	places     []value.Value
	in         []bool
}

// gate is what a promotion demands.
type gate struct{ requirements, evidence, approval value.Value }

func gatesIn(v value.Value) (was, is gate) {
	e := v.Elems()
	return gate{e[0], e[1], e[2]}, gate{e[3], e[4], e[5]}
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

// found keeps a change for the case that is looked at.
func (d *gateDiff) found(cases int, attr string, places []value.Value, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	i := slices.IndexFunc(d.changes, func(c *change) bool { return c.text == text && c.attr == attr })
	if i < 0 {
		i = len(d.changes)
		d.changes = append(d.changes, &change{attr: attr, text: text, places: places, in: make([]bool, cases)})
	}
	d.changes[i].in[d.current] = true
}

// report says a change once, at the value when that is written in the promotion's module.
func (d *gateDiff) report(r *eval.Resource, c *change, when string) {
	text := c.text + when
	key := r.Address() + text
	if d.said[key] {
		return
	}
	d.said[key] = true
	at := value.Locator(r.AttrRange(c.attr))
	for _, v := range c.places {
		if rng := v.Range(); rng.Filename != "" && r.Module.Source != nil && r.Module.Source.File(rng.Filename) != nil {
			at = v
			break
		}
	}
	d.pass.ReportOn(r, at, "%s %s%s", r.Address(), text, d.note)
}

// promotion compares in every case that the conditions of both revisions leave together, so that an alternative that is as strict as
// before does not hide one that is not.
func (d *gateDiff) promotion(was, is *eval.Resource) {
	var parts []value.Value
	for _, r := range []*eval.Resource{was, is} {
		parts = append(parts, r.Attr("requirements"), r.Attr("evidence"), r.Attr("approval"))
	}
	d.changes = nil
	cases := value.ListValue(parts).Cases()
	for n, v := range cases.Values {
		d.current = n
		old, young := gatesIn(v)
		d.compare(len(cases.Values), old, young)
	}
	for _, c := range d.changes {
		d.report(is, c, cases.When(c.in))
	}
	d.existence(was, is)
}

// existence reports a promotion that a condition now removes.
func (d *gateDiff) existence(was, is *eval.Resource) {
	if !is.Maybe() || was.Maybe() || is.Decl == nil {
		return
	}
	a := is.Decl.Block.Body.Attributes["count"]
	if a == nil {
		return
	}
	cases := is.Module.Eval(a.Expr).Cases()
	in := make([]bool, len(cases.Values))
	for i, v := range cases.Values {
		n, ok := v.Int()
		in[i] = ok && n == 0
	}
	if slices.Contains(in, true) {
		d.report(is, &change{attr: "count", text: "is not there"}, cases.When(in))
	}
}

func (d *gateDiff) compare(cases int, was, now gate) {
	report := func(attr string, places []value.Value, format string, args ...any) {
		d.found(cases, attr, places, format, args...)
	}
	requirementsLost(was.requirements, now.requirements, report)
	old, young := was.evidence, now.evidence
	for _, b := range []struct {
		name  string
		lower bool
	}{{"min_examples", true}, {"max_age", false}, {"max_p95_latency_ms", false}, {"max_training_cost_usd", false}} {
		boundMoved("evidence", "evidence."+b.name, old.Get(b.name), young.Get(b.name), young, b.lower, report)
	}
	a, b := old.Get("dataset_sha256"), young.Get("dataset_sha256")
	if a.IsSet() && !b.IsSet() {
		report("evidence", []value.Value{young}, "drops evidence.dataset_sha256 %s", shownValue(a))
	}
	if x, y := leakage(old.Get("leakage_check")), leakage(young.Get("leakage_check")); x >= 0 && y >= 0 && y < x {
		report("evidence", []value.Value{young.Get("leakage_check"), young}, "turns evidence.leakage_check from %s to %s",
			shownValue(old.Get("leakage_check")), shownValue(young.Get("leakage_check")))
	}
	old, young = was.approval, now.approval
	for _, name := range []string{"required", "distinct_from_trainer"} {
		a, b := old.Get(name), young.Get(name)
		if on, known := a.Bool(); known && on {
			if still, known := b.Bool(); known && !still || b.Kind() == value.Absent || b.Kind() == value.Null {
				report("approval", []value.Value{b, young}, "turns approval.%s from true to %s", name, shownValue(b))
			}
		}
	}
	boundMoved("approval", "approval.min_age", old.Get("min_age"), young.Get("min_age"), young, true, report)
}

// reporter takes what is asked less, the argument it stands in and the values that may tell where.
type reporter func(attr string, places []value.Value, format string, args ...any)

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

// boundMoved reports a number or duration that moved the easy way or went away.
func boundMoved(attr, name string, old, young, around value.Value, lower bool, report reporter) {
	if change := moved(old, young, lower); change != "" {
		report(attr, []value.Value{young, around}, "%s %s from %s to %s", change, name, shownValue(old), shownValue(young))
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

// requirementsLost looks for each old requirement among the new ones: one that asks for as much is enough.
func requirementsLost(was, now value.Value, report reporter) {
	before, _ := requirementsOf(was)
	after, open := requirementsOf(now)
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
				report("requirements", []value.Value{nearest.bound, nearest.elem}, "%s", c)
			}
		case !open:
			report("requirements", []value.Value{now}, "no longer requires %s", old.text())
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
