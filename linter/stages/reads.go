package stages

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/zclconf/go-cty/cty"
)

// What a stage reads of other stages: the fact that stage_contract keeps of each use.

// Read is one use of another stage's output.
type Read struct {
	From   Stage
	Output string
	// Ledger reads go to the outputs of the other's titanicml_stage, others to its state.
	Ledger bool
	// Indirect uses go through a local that names the output itself, so that only their shape is checked.
	Indirect bool
	steps    []step
	// want is the shape that the place of use takes, empty when that is not known.
	want    string
	Text    string
	At      hcl.Range
	Callers []hcl.Range
}

// step is one step into a value: .name or ["name"], or a number's index.
type step struct {
	name  string
	index bool
}

// Reader collects the reads of one root module.
type Reader struct {
	Pass   *linter.Pass
	Self   Stage
	Stages []Stage
	// Read holds the folders of which something is read; Unresolved is set when a read could not be told.
	Read       map[string]bool
	Unresolved bool

	m       *eval.Module
	sources map[string][]upstreamStage
	wants   map[*hclsyntax.ScopeTraversalExpr]string
}

// upstreamStage is a data source instance that stands for another stage.
type upstreamStage struct {
	key    value.Value
	from   Stage
	ledger bool
}

// Module collects what a module instance reads of stages.
func (r *Reader) Module(m *eval.Module) {
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
	r.wants = wantedShapes(r.Pass.Tree, m.Source)
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
func (r *Reader) add(res *eval.Resource, at value.Locator, from Stage, ledger bool) {
	switch {
	case from.Folder == r.Self.Folder:
		r.Pass.ReportOn(res, at, "%s reads stage %s in itself; refer to the resource instead of its state", res.Address(), from.Folder)
	case from.Number >= r.Self.Number:
		r.Pass.ReportOn(res, at, "%s reads %s, which is applied after stage %s; a stage reads earlier stages only", res.Address(), from.Folder, r.Self.Folder)
	default:
		key := res.LocalAddress()
		r.sources[key] = append(r.sources[key], upstreamStage{key: res.Key, from: from, ledger: ledger})
	}
}

func (r *Reader) remoteState(res *eval.Resource) {
	backend, ok := res.Attr("backend").Str()
	if !ok {
		r.Unresolved = true
		return
	}
	config := res.Attr("config")
	t := StateOf(backend, config.Get, r.Pass.Root.Dir)
	at := value.At(t.value.Range())
	if f := at.Filename; f == "" || r.m.Source.File(f) == nil {
		at = res.AttrRange("config")
	}
	from := t.Stage(r.Stages)
	switch {
	case from != nil:
		r.add(res, at, *from, false)
	case t.unknown():
		r.Unresolved = true
	case t.missing() != "":
		r.Pass.ReportOn(res, at, "%s reads stage %s, which does not exist", res.Address(), t.missing())
	default:
		r.Pass.ReportOn(res, at, "%s reads the state %q, which belongs to no stage; a stage reads the outputs of earlier stages only", res.Address(), t.Shown())
	}
}

func (r *Reader) ledgerEntry(res *eval.Resource) {
	n, ok := res.Attr("number").Int()
	if !ok {
		r.Unresolved = true
		return
	}
	for _, s := range r.Stages {
		if s.Number == n {
			if s.Number < r.Self.Number {
				r.Read[s.Folder] = true // it asks whether the stage is applied, which is a use in itself
			}
			r.add(res, res.AttrRange("number"), s, true)
			return
		}
	}
	r.Pass.ReportOn(res, res.AttrRange("number"), "%s reads stage %d, which does not exist", res.Address(), n)
}

// call looks at a module source that lies in another stage.
func (r *Reader) call(m *eval.Module, c *module.Call) {
	dir := path.Join(m.Source.Dir, c.Source)
	for _, s := range r.Stages {
		if s.Folder == r.Self.Folder || dir != s.Dir && !strings.HasPrefix(dir, s.Dir+"/") {
			continue
		}
		if s.Number >= r.Self.Number {
			at := value.At(module.HeaderRange(c.Block))
			if a := c.Block.Body.Attributes["source"]; a != nil {
				at = value.At(a.SrcRange)
			}
			f := r.Pass.Report(at, "module.%s is taken from %s, which is applied after stage %s; a stage builds on earlier stages only", c.Name, s.Folder, r.Self.Folder)
			f.Callers = m.Callers()
			continue
		}
		r.Read[s.Folder] = true
	}
}

// use keeps one traversal when it leads to another stage.
func (r *Reader) use(e *hclsyntax.ScopeTraversalExpr) {
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
		r.Read[s.from.Folder] = true
		path := outputSteps(steps)
		if len(path) == 0 || path[0].name == "" {
			continue
		}
		at := e.Range()
		read := &Read{From: s.from, Output: path[0].name, Ledger: s.ledger, Indirect: indirect, steps: path[1:], want: r.wants[e],
			Text: address + ".outputs." + path[0].name, At: at, Callers: r.m.Callers()}
		if !indirect || read.want != "" || len(read.steps) > 0 {
			r.Pass.Keep(read)
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
	Attr  string
	value value.Value
}

var stateAttrs = map[string]string{"s3": "key", "gcs": "prefix", "azurerm": "key", "local": "path", "consul": "path", "http": "address", "pg": "schema_name",
	"cos": "prefix", "oss": "prefix", "kubernetes": "secret_suffix", "remote": "workspaces", "cloud": "workspaces"}

// StateOf reads where a backend configuration keeps its state. A relative path of the local backend is seen from dir.
func StateOf(backend string, get func(string) value.Value, dir string) stateKey {
	t := stateKey{Attr: stateAttrs[backend]}
	if t.Attr == "" {
		t.value = value.UnknownValue()
		return t
	}
	t.value = get(t.Attr)
	if t.Attr == "workspaces" {
		t.value = t.value.Get("name")
	}
	if s, ok := t.value.Str(); ok && backend == "local" && !path.IsAbs(s) {
		t.value = value.StringValue(path.Join(dir, s)).WithSource(value.At(t.value.Range()))
	}
	return t
}

const unknownPart = "\x00"

func (t stateKey) text() string { s, _ := t.value.Pattern(unknownPart); return s }

// Shown is the key for messages.
func (t stateKey) Shown() string { return strings.ReplaceAll(t.text(), unknownPart, "...") }

// unknown reports that too little of the key is known to tell the stage.
func (t stateKey) unknown() bool {
	return t.text() == "" || strings.Contains(t.text(), unknownPart) && t.missing() == ""
}

// Stage finds the stage that the key names; the longest name wins, since one may start with another.
func (t stateKey) Stage(stages []Stage) *Stage {
	var found *Stage
	text := t.text()
	for i, s := range stages {
		for _, name := range []string{s.Folder, strings.ReplaceAll(s.Folder, "_", "-")} {
			if Occurs(text, name) && (found == nil || len(s.Folder) > len(found.Folder)) {
				found = &stages[i]
			}
		}
	}
	return found
}

// Occurs reports whether a name stands in a text as a word of its own.
func Occurs(text, name string) bool {
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
