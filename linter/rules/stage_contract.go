package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// StageContract holds a stage to what the stages around it rely on.
var StageContract = &linter.Rule{
	Name:     "stage_contract",
	Title:    "a stage must read earlier stages only, and offer outputs, a backend and a ledger entry",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerRoot | linter.PerTree,
	Text: `Looked at are root modules in folders named ` + "`N_name`" + `.

**Reading.** A stage reads what others made through ` + "`terraform_remote_state`" + ` (the key, prefix, path or workspace names the other
stage's folder), ` + "`data.titanicml_stage`" + ` (its number) or a module source below the other's folder. Only earlier stages exist when it is
applied, so it reads no later one and not itself, and something of the stage right before it: a stage that reads nothing of its predecessor
does not need its number. What it reads is an output that the other stage declares, and where the shapes of both sides are known they fit:
a text where a text is wanted, a list where a list is, a key that the object has.

**Offering.** A stage declares outputs for the next, a backend of its own, and one ` + "`titanicml_stage`" + ` with its number and name. The ledger entry
says that the stage is applied, so it is written last: its ` + "`depends_on`" + ` lists every other resource and every module of the root module.

A key or number that is not known here is no finding, and then neither is a missing predecessor.`,
	Run: stageContract,
}

func stageContract(p *linter.Pass) {
	if p.Root == nil {
		checkReads(p)
		return
	}
	s, ok := stageOf(p.Tree, p.Root.Dir)
	src := p.Root.Module.Source
	if !ok || src == nil {
		return
	}
	stages := stagesIn(p.Tree, above(p.Root.Dir))
	offers(p, s, src)
	backendKey(p, s, stages, src)
	keepOffer(p)
	readStages(p, s, stages)
}

// offers checks what the stage declares.
func offers(p *linter.Pass, s stage, src *module.Module) {
	place := value.At(src.Place())
	if len(src.Outputs) == 0 {
		p.Report(place, "stage %s declares no output; the next stage can build on nothing of it", s.folder)
	}
	if src.Backend == nil {
		p.Report(place, "stage %s declares no backend; later stages cannot read its state", s.folder)
	}
	var records []*module.Resource
	var others []string
	for _, r := range src.Resources {
		switch {
		case r.Mode != module.Managed:
		case r.Type == "titanicml_stage":
			records = append(records, r)
		default:
			others = append(others, r.Address())
		}
	}
	for _, c := range src.Calls {
		others = append(others, "module."+c.Name)
	}
	if len(records) == 0 {
		p.Report(place, "stage %s has no titanicml_stage; the next stage cannot tell that it was applied", s.folder)
		return
	}
	for _, r := range records[1:] {
		p.Report(value.At(module.HeaderRange(r.Block)), "stage %s has a second titanicml_stage %s; one entry says that the stage is complete", s.folder, r.Address())
	}
	if record := stageRecord(p.Root); record != nil {
		recordMatches(p, s, record, others)
	}
}

// recordMatches compares a ledger entry with the folder, and its depends_on with what the root module declares.
func recordMatches(p *linter.Pass, s stage, record *eval.Resource, others []string) {
	if n, ok := record.Attr("number").Int(); ok && n != s.number {
		p.ReportOn(record, record.AttrRange("number"), "%s has number %d in the folder of stage %d", record.Address(), n, s.number)
	}
	_, short, _ := strings.Cut(s.folder, "_")
	if name, ok := record.Attr("name").Str(); ok && name != short && name != s.folder {
		p.ReportOn(record, record.AttrRange("name"), "%s has name %q in the folder %s; use %q", record.Address(), name, s.folder, short)
	}
	if dir, ok := record.Attr("source_dir").Str(); ok && path.Clean(dir) != "." {
		p.ReportOn(record, record.AttrRange("source_dir"), "%s records the sources of %q; use path.module, so that it records this stage's own", record.Address(), dir)
	}
	covered := record.DependsOn()
	others = slices.DeleteFunc(others, func(a string) bool { return contains(covered, a) })
	if len(others) > 0 {
		p.ReportOn(record, record.AttrRange("depends_on"), "%s may be written before %s; add what is missing to its depends_on", record.Address(), listed(others)).
			Evidence = strings.Join(others, " ")
	}
}

// backendKey reports a stage whose state lies where another stage's state is.
func backendKey(p *linter.Pass, s stage, stages []stage, src *module.Module) {
	if src.Backend == nil || len(src.Backend.Labels) != 1 {
		return
	}
	b := p.Root.Module.Block(src.Backend)
	t := stateOf(src.Backend.Labels[0], b.Attr, s.dir)
	if other := t.stage(stages); other != nil && other.folder != s.folder {
		p.Report(b.AttrRange(t.attr), "stage %s keeps its state under %q, where stage %s has its own", s.folder, t.shown(), other.folder)
	}
}

// readStages finds what the stage reads of others, reports reads that its number forbids and keeps the rest for checkReads.
func readStages(p *linter.Pass, s stage, stages []stage) {
	r := &reader{pass: p, self: s, stages: stages, read: map[string]bool{}}
	for _, m := range p.Root.Modules() {
		if m.Source != nil && !m.Duplicate() {
			r.module(m)
		}
	}
	before := -1
	for i, other := range stages {
		if other.number < s.number && !other.empty {
			before = i
		}
	}
	if before < 0 || r.unresolved {
		return
	}
	for _, other := range stages {
		if other.number == stages[before].number && r.read[other.folder] {
			return
		}
	}
	p.Report(value.At(p.Root.Module.Source.Place()), "stage %s reads no output of %s, the stage before it; read what it builds on, or give it an earlier number",
		s.folder, stages[before].folder)
}

// checkReads compares what stages read with what the others offer.
func checkReads(p *linter.Pass) {
	offered := map[string]*offer{}
	for _, f := range p.Tree.Facts {
		if o, ok := f.Value.(*offer); ok {
			offered[f.Root] = o
		}
	}
	for _, f := range p.Tree.Facts {
		r, ok := f.Value.(*stageRead)
		if !ok {
			continue
		}
		if msg := r.check(p.Tree, offered[r.from.dir]); msg != "" {
			finding := p.Report(value.At(r.at), "%s", msg)
			finding.Callers = r.callers
		}
	}
}

// check says what is wrong with a read, or nothing. A stage that was not linted is known by its files only.
func (r *stageRead) check(t *linter.Tree, o *offer) string {
	var names map[string]shape
	missing := "is no output of stage " + r.from.folder
	switch {
	case r.ledger && (o == nil || o.record == nil || o.record.kind != mapShape || !o.record.closed):
		return ""
	case r.ledger:
		names, missing = o.record.keys, "is not among the outputs in the titanicml_stage of "+r.from.folder
	case o != nil:
		names = o.outputs
	default:
		m, err := t.Module(r.from.dir)
		if err != nil {
			return ""
		}
		names = map[string]shape{}
		for n := range m.Outputs {
			names[n] = shape{}
		}
	}
	have, ok := names[r.output]
	switch {
	case ok:
		return have.misfit(r)
	case r.indirect: // said where the local names it
		return ""
	}
	return r.text + " " + missing + match.DidYouMean(r.output, sorted(names))
}
