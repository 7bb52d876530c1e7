package rules

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/stages"
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
	s, ok := stages.Of(p.Tree, p.Root.Dir)
	src := p.Root.Module.Source
	if !ok || src == nil {
		return
	}
	all := stages.In(p.Tree, stages.Above(p.Root.Dir))
	offers(p, s, src)
	backendKey(p, s, all, src)
	stages.KeepOffer(p)
	readStages(p, s, all)
}

// offers checks what the stage declares.
func offers(p *linter.Pass, s stages.Stage, src *module.Module) {
	place := value.At(src.Place())
	if len(src.Outputs) == 0 {
		p.Report(place, "stage %s declares no output; the next stage can build on nothing of it", s.Folder)
	}
	if src.Backend == nil {
		p.Report(place, "stage %s declares no backend; later stages cannot read its state", s.Folder)
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
		p.Report(place, "stage %s has no titanicml_stage; the next stage cannot tell that it was applied", s.Folder)
		return
	}
	for _, r := range records[1:] {
		p.Report(value.At(module.HeaderRange(r.Block)), "stage %s has a second titanicml_stage %s; one entry says that the stage is complete", s.Folder, r.Address())
	}
	if record := stages.Record(p.Root); record != nil {
		recordMatches(p, s, record, others)
	}
}

// recordMatches compares a ledger entry with the folder, and its depends_on with what the root module declares.
func recordMatches(p *linter.Pass, s stages.Stage, record *eval.Resource, others []string) {
	if n, ok := record.Attr("number").Int(); ok && n != s.Number {
		p.ReportOn(record, record.AttrRange("number"), "%s has number %d in the folder of stage %d", record.Address(), n, s.Number)
	}
	_, short, _ := strings.Cut(s.Folder, "_")
	if name, ok := record.Attr("name").Str(); ok && name != short && name != s.Folder {
		p.ReportOn(record, record.AttrRange("name"), "%s has name %q in the folder %s; use %q", record.Address(), name, s.Folder, short)
	}
	if dir, ok := record.Attr("source_dir").Str(); ok && path.Clean(dir) != "." {
		p.ReportOn(record, record.AttrRange("source_dir"), "%s records the sources of %q; use path.module, so that it records this stage's own", record.Address(), dir)
	}
	covered := record.DependsOn()
	others = slices.DeleteFunc(others, func(a string) bool { return slices.Contains(covered, a) })
	if len(others) > 0 {
		p.ReportOn(record, record.AttrRange("depends_on"), "%s may be written before %s; add what is missing to its depends_on", record.Address(), listed(others)).
			Evidence = strings.Join(others, " ")
	}
}

// backendKey reports a stage whose state lies where another stage's state is.
func backendKey(p *linter.Pass, s stages.Stage, all []stages.Stage, src *module.Module) {
	if src.Backend == nil || len(src.Backend.Labels) != 1 {
		return
	}
	b := p.Root.Module.Block(src.Backend)
	t := stages.StateOf(src.Backend.Labels[0], b.Attr, s.Dir)
	if other := t.Stage(all); other != nil && other.Folder != s.Folder {
		p.Report(b.AttrRange(t.Attr), "stage %s keeps its state under %q, where stage %s has its own", s.Folder, t.Shown(), other.Folder)
	}
}

// readStages finds what the stage reads of others, reports reads that its number forbids and keeps the rest for checkReads.
func readStages(p *linter.Pass, s stages.Stage, all []stages.Stage) {
	r := &stages.Reader{Pass: p, Self: s, Stages: all, Read: map[string]bool{}}
	for _, m := range p.Root.Modules() {
		if m.Source != nil && !m.Duplicate() {
			r.Module(m)
		}
	}
	before := -1
	for i, other := range all {
		if other.Number < s.Number && !other.Empty {
			before = i
		}
	}
	if before < 0 || r.Unresolved {
		return
	}
	for _, other := range all {
		if other.Number == all[before].Number && r.Read[other.Folder] {
			return
		}
	}
	p.Report(value.At(p.Root.Module.Source.Place()), "stage %s reads no output of %s, the stage before it; read what it builds on, or give it an earlier number",
		s.Folder, all[before].Folder)
}

// checkReads compares what stages read with what the others offer.
func checkReads(p *linter.Pass) {
	offered := map[string]*stages.Offer{}
	for _, f := range p.Tree.Facts {
		if o, ok := f.Value.(*stages.Offer); ok {
			offered[f.Root] = o
		}
	}
	for _, f := range p.Tree.Facts {
		r, ok := f.Value.(*stages.Read)
		if !ok {
			continue
		}
		if msg := checkRead(r, p.Tree, offered[r.From.Dir]); msg != "" {
			finding := p.Report(value.At(r.At), "%s", msg)
			finding.Callers = r.Callers
		}
	}
}

// checkRead says what is wrong with a read, or nothing. A stage that was not linted is known by its files only.
func checkRead(r *stages.Read, t *linter.Tree, o *stages.Offer) string {
	var names map[string]stages.Shape
	missing := "is no output of stage " + r.From.Folder
	switch {
	case r.Ledger && (o == nil || o.Record == nil || o.Record.Kind != stages.MapShape || !o.Record.Closed):
		return ""
	case r.Ledger:
		names, missing = o.Record.Keys, "is not among the outputs in the titanicml_stage of "+r.From.Folder
	case o != nil:
		names = o.Outputs
	default:
		m, err := t.Module(r.From.Dir)
		if err != nil {
			return ""
		}
		names = map[string]stages.Shape{}
		for n := range m.Outputs {
			names[n] = stages.Shape{}
		}
	}
	have, ok := names[r.Output]
	switch {
	case ok:
		return have.Misfit(r)
	case r.Indirect: // said where the local names it
		return ""
	}
	return r.Text + " " + missing + match.DidYouMean(r.Output, slices.Sorted(maps.Keys(names)))
}
