package rules

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// What a stage reads of other stages: the fact that stage_contract keeps of each use.

// stageRead is one use of another stage's output.
type stageRead struct {
	from   stage
	output string
	// ledger reads go to the outputs of the other's titanicml_stage, others to its state.
	ledger bool
	// indirect uses go through a local that names the output itself, so that only their shape is checked.
	indirect bool
	steps    []step
	// want is the shape that the place of use takes, empty when that is not known.
	want    string
	text    string
	at      hcl.Range
	callers []hcl.Range
}

// step is one step into a value: .name or ["name"], or a number's index.
type step struct {
	name  string
	index bool
}

// reader collects the reads of one root module.
type reader struct {
	pass   *linter.Pass
	self   stage
	stages []stage
	// read holds the folders of which something is read; unresolved is set when a read could not be told.
	read       map[string]bool
	unresolved bool

	m       *eval.Module
	sources map[string][]upstreamStage
	wants   map[*hclsyntax.ScopeTraversalExpr]string
}

// upstreamStage is a data source instance that stands for another stage.
type upstreamStage struct {
	key    value.Value
	from   stage
	ledger bool
}

func (r *reader) module(m *eval.Module) {
	r.m, r.sources = m, map[string][]upstreamStage{}
	for _, res := range m.Resources() {
		if res.Mode != module.Data {
			continue
		}
		switch res.Type {
		case "terraform_remote_state":
			r.remoteState(res)
		case "titanicml_stage":
			r.ledgerEntry(res)
		}
	}
	for _, c := range m.Source.Calls {
		if c.Local() {
			r.call(m, c)
		}
	}
	if len(r.sources) == 0 {
		return
	}
	r.wants = wantedShapes(r.pass.Tree, m.Source)
	for _, f := range m.Source.Files {
		_ = hclsyntax.VisitAll(f.Body, func(n hclsyntax.Node) hcl.Diagnostics {
			switch n := n.(type) {
			case *hclsyntax.TemplateExpr:
				if len(n.Parts) > 1 {
					for _, part := range n.Parts {
						if t, ok := part.(*hclsyntax.ScopeTraversalExpr); ok {
							r.wants[t] = plainShape
						}
					}
				}
			case *hclsyntax.ScopeTraversalExpr:
				r.use(n)
			}
			return nil
		})
	}
}

// add takes a data source that stands for a stage, and reports one that does not exist yet when this stage is applied.
func (r *reader) add(res *eval.Resource, at value.Locator, from stage, ledger bool) {
	switch {
	case from.folder == r.self.folder:
		r.pass.ReportOn(res, at, "%s reads stage %s in itself; refer to the resource instead of its state", res.Address(), from.folder)
	case from.number >= r.self.number:
		r.pass.ReportOn(res, at, "%s reads %s, which is applied after stage %s; a stage reads earlier stages only", res.Address(), from.folder, r.self.folder)
	default:
		key := res.LocalAddress()
		r.sources[key] = append(r.sources[key], upstreamStage{key: res.Key, from: from, ledger: ledger})
	}
}

func (r *reader) remoteState(res *eval.Resource) {
	backend, ok := res.Attr("backend").Str()
	if !ok {
		r.unresolved = true
		return
	}
	config := res.Attr("config")
	t := stateOf(backend, config.Get, r.pass.Root.Dir)
	at := value.At(t.value.Range())
	if f := at.Filename; f == "" || r.m.Source.File(f) == nil {
		at = res.AttrRange("config")
	}
	from := t.stage(r.stages)
	switch {
	case from != nil:
		r.add(res, at, *from, false)
	case t.unknown():
		r.unresolved = true
	case t.missing() != "":
		r.pass.ReportOn(res, at, "%s reads stage %s, which does not exist", res.Address(), t.missing())
	default:
		r.pass.ReportOn(res, at, "%s reads the state %q, which belongs to no stage; a stage reads the outputs of earlier stages only", res.Address(), t.shown())
	}
}

func (r *reader) ledgerEntry(res *eval.Resource) {
	n, ok := res.Attr("number").Int()
	if !ok {
		r.unresolved = true
		return
	}
	for _, s := range r.stages {
		if s.number == n {
			if s.number < r.self.number {
				r.read[s.folder] = true // it asks whether the stage is applied, which is a use in itself
			}
			r.add(res, res.AttrRange("number"), s, true)
			return
		}
	}
	r.pass.ReportOn(res, res.AttrRange("number"), "%s reads stage %d, which does not exist", res.Address(), n)
}

// call looks at a module source that lies in another stage.
func (r *reader) call(m *eval.Module, c *module.Call) {
	dir := path.Join(m.Source.Dir, c.Source)
	for _, s := range r.stages {
		if s.folder == r.self.folder || dir != s.dir && !strings.HasPrefix(dir, s.dir+"/") {
			continue
		}
		if s.number >= r.self.number {
			at := value.At(module.HeaderRange(c.Block))
			if a := c.Block.Body.Attributes["source"]; a != nil {
				at = value.At(a.SrcRange)
			}
			f := r.pass.Report(at, "module.%s is taken from %s, which is applied after stage %s; a stage builds on earlier stages only", c.Name, s.folder, r.self.folder)
			f.Callers = m.Callers()
			continue
		}
		r.read[s.folder] = true
	}
}

// use keeps one traversal when it leads to another stage.
func (r *reader) use(e *hclsyntax.ScopeTraversalExpr) {
	t, indirect := e.Traversal, false
	address, rest := dataAddress(t)
	for depth := 0; t.RootName() == "local" && len(t) > 1 && depth < 20; depth++ {
		name, ok := t[1].(hcl.TraverseAttr)
		if !ok || r.m.Source.Locals[name.Name] == nil {
			return
		}
		inner, ok := r.m.Source.Locals[name.Name].Expr.(*hclsyntax.ScopeTraversalExpr)
		if !ok {
			return
		}
		_, before := dataAddress(inner.Traversal)
		indirect = indirect || len(outputSteps(before)) > 0
		t = append(inner.Traversal[:len(inner.Traversal):len(inner.Traversal)], t[2:]...)
		address, rest = dataAddress(t)
	}
	for _, s := range r.sources[address] {
		steps := rest
		if ix, ok := first(rest).(hcl.TraverseIndex); ok {
			if !sameKey(s.key, ix.Key) {
				continue
			}
			steps = rest[1:]
		}
		r.read[s.from.folder] = true
		path := outputSteps(steps)
		if len(path) == 0 || path[0].name == "" {
			continue
		}
		at := e.Range()
		read := &stageRead{from: s.from, output: path[0].name, ledger: s.ledger, indirect: indirect, steps: path[1:], want: r.wants[e],
			text: address + ".outputs." + path[0].name, at: at, callers: r.m.Callers()}
		if !indirect || read.want != "" || len(read.steps) > 0 {
			r.pass.Keep(read)
		}
	}
}

func first(t hcl.Traversal) hcl.Traverser {
	if len(t) == 0 {
		return nil
	}
	return t[0]
}

// dataAddress splits a traversal into a data source's address and the steps after it; "" when it names no data source.
func dataAddress(t hcl.Traversal) (string, hcl.Traversal) {
	if t.RootName() != "data" || len(t) < 3 {
		return "", nil
	}
	typ, ok1 := t[1].(hcl.TraverseAttr)
	name, ok2 := t[2].(hcl.TraverseAttr)
	if !ok1 || !ok2 {
		return "", nil
	}
	return "data." + typ.Name + "." + name.Name, t[3:]
}

// outputSteps are the steps below .outputs, the output's name first.
func outputSteps(t hcl.Traversal) []step {
	if _, ok := first(t).(hcl.TraverseIndex); ok {
		t = t[1:]
	}
	if a, ok := first(t).(hcl.TraverseAttr); !ok || a.Name != "outputs" {
		return nil
	}
	var out []step
	for _, s := range t[1:] {
		switch s := s.(type) {
		case hcl.TraverseAttr:
			out = append(out, step{name: s.Name})
		case hcl.TraverseIndex:
			if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
				out = append(out, step{name: s.Key.AsString()})
			} else {
				out = append(out, step{index: true})
			}
		default:
			return out
		}
	}
	return out
}

// sameKey compares an instance's key with an index; what is unknown may be the same.
func sameKey(key value.Value, index cty.Value) bool {
	text, known := key.Str()
	if !known || !index.IsKnown() || index.IsNull() {
		return true
	}
	switch index.Type() {
	case cty.String:
		return text == index.AsString()
	case cty.Number:
		return text == index.AsBigFloat().Text('f', -1)
	}
	return true
}

// stateKey is what tells one state from another in a backend: the attribute that names it.
type stateKey struct {
	attr  string
	value value.Value
}

var stateAttrs = map[string]string{"s3": "key", "gcs": "prefix", "azurerm": "key", "local": "path", "consul": "path", "http": "address", "pg": "schema_name",
	"cos": "prefix", "oss": "prefix", "kubernetes": "secret_suffix", "remote": "workspaces", "cloud": "workspaces"}

// stateOf reads where a backend configuration keeps its state. A relative path of the local backend is seen from dir.
func stateOf(backend string, get func(string) value.Value, dir string) stateKey {
	t := stateKey{attr: stateAttrs[backend]}
	if t.attr == "" {
		t.value = value.UnknownValue()
		return t
	}
	t.value = get(t.attr)
	if t.attr == "workspaces" {
		t.value = t.value.Get("name")
	}
	if s, ok := t.value.Str(); ok && backend == "local" && !path.IsAbs(s) {
		t.value = value.StringValue(path.Join(dir, s)).WithSource(value.At(t.value.Range()))
	}
	return t
}

const unknownPart = "\x00"

func (t stateKey) text() string { s, _ := t.value.Pattern(unknownPart); return s }

// shown is the key for messages.
func (t stateKey) shown() string { return strings.ReplaceAll(t.text(), unknownPart, "...") }

// unknown reports that too little of the key is known to tell the stage.
func (t stateKey) unknown() bool {
	return t.text() == "" || strings.Contains(t.text(), unknownPart) && t.missing() == ""
}

// stage finds the stage that the key names; the longest name wins, since one may start with another.
func (t stateKey) stage(stages []stage) *stage {
	var found *stage
	text := t.text()
	for i, s := range stages {
		for _, name := range []string{s.folder, strings.ReplaceAll(s.folder, "_", "-")} {
			if occurs(text, name) && (found == nil || len(s.folder) > len(found.folder)) {
				found = &stages[i]
			}
		}
	}
	return found
}

// occurs reports whether a name stands in a text as a word of its own.
func occurs(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(name)
		if (start == 0 || !wordByte(text[start-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		from = end
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// missing is the folder of a stage that the key names but that is not there.
func (t stateKey) missing() string {
	for _, segment := range strings.Split(t.text(), "/") {
		name, _, _ := strings.Cut(segment, ".")
		if stageFolder.MatchString(name) {
			return name
		}
	}
	return ""
}
