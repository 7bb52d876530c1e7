package eval

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/policydoc"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Module is one instance of a module: the root, or one call with its count or for_each key.
type Module struct {
	// Source is the parsed directory.
	Source *module.Module
	// Path is the instance's address: "" for the root, `module.net["a"].module.x`.
	Path string
	// Parent and Call are nil for the root.
	Parent *Module
	Call   *module.Call

	root      *Root
	scope     *lang.Scope
	caller    *lang.Scope // of the call's arguments; nil for the root
	key       value.Value
	maybe     bool
	memos     map[string]*memo // "var.x", "local.x", "output.x"
	sets      map[string]*instanceSet
	calls     map[string]*callSet
	providers map[string]*Provider // own configurations and passed ones, by local reference
	duplicate bool
	planned   []*Resource
}

// Resource is one instance of a resource, data, ephemeral or action block.
type Resource struct {
	lang.Body
	Mode       module.Mode
	Type, Name string
	// Key is the count or for_each key: Absent without them, unknown when the block stands for unknown instances.
	Key value.Value
	// Module is the instance that declares it.
	Module *Module
	// Decl is the declaration; nil in a plan without sources.
	Decl *module.Resource

	address  string
	provider *Provider
}

// Address is the full address of the instance: `module.net["a"].aws_subnet.x[0]`.
func (r *Resource) Address() string {
	if r.address == "" {
		var b strings.Builder
		if r.Module != nil && r.Module.Path != "" {
			b.WriteString(r.Module.Path)
			b.WriteByte('.')
		}
		b.WriteString(r.LocalAddress())
		b.WriteString(value.KeySuffix(r.Key))
		r.address = b.String()
	}
	return r.address
}

// LocalAddress is the address within the module without keys: "aws_subnet.x", "data.aws_ami.y".
func (r *Resource) LocalAddress() string {
	if r.Decl != nil {
		return r.Decl.Address()
	}
	return (&module.Resource{Mode: r.Mode, Type: r.Type, Name: r.Name}).Address()
}

// Provider is the configuration that the resource uses, never nil.
func (r *Resource) Provider() *Provider {
	if r.provider == nil {
		r.provider = r.Module.providerFor(r)
	}
	return r.provider
}

// DependsOn lists the addresses within the module that depends_on names.
func (r *Resource) DependsOn() []string {
	e, ok := r.Expr("depends_on").(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil
	}
	var out []string
	for _, x := range e.Exprs {
		if t, ok := x.(*hclsyntax.ScopeTraversalExpr); ok {
			addr, _ := splitTraversal(t.Traversal)
			out = append(out, addr)
		}
	}
	return out
}

// Target finds the instances of the resource that a reference names; none when it names something else.
func (m *Module) Target(ref value.Ref) []*Resource {
	at := m.root.moduleAt(ref.Module)
	if at == nil {
		return nil
	}
	if set := at.instances(ref.Address); set != nil {
		return set.all
	}
	return nil
}

// Root is the root module that the instance belongs to.
func (m *Module) Root() *Root { return m.root }

// Callers lists the module blocks that lead to this instance, innermost first; empty for the root.
func (m *Module) Callers() []hcl.Range {
	var out []hcl.Range
	for ; m != nil && m.Call != nil; m = m.Parent {
		out = append(out, module.HeaderRange(m.Call.Block))
	}
	return out
}

// Maybe reports that the instance stands for an unknown number of calls.
func (m *Module) Maybe() bool { return m.maybe }

// Resources lists the module instance's own resource instances of every mode, in source order.
func (m *Module) Resources() []*Resource {
	if m.planned != nil {
		return m.planned
	}
	var out []*Resource
	for _, d := range m.Source.Resources {
		if set := m.instances(d.Address()); set != nil {
			out = append(out, set.all...)
		}
	}
	return out
}

// instanceSet is what a resource block expands to.
type instanceSet struct {
	all                            []*Resource
	single, byKey, unknown, cyclic bool
}

// instances expands a resource block; nil when the module does not declare it.
func (m *Module) instances(address string) *instanceSet {
	if set, ok := m.sets[address]; ok {
		return set
	}
	decl := m.Source.Resource(address)
	if decl == nil {
		return nil
	}
	m.sets[address] = &instanceSet{cyclic: true}
	set := &instanceSet{}
	exp := m.scope.Expand(decl.Block)
	set.single, set.byKey, set.unknown = exp.Single, exp.ByKey, exp.Unknown
	set.all = make([]*Resource, 0, len(exp.Scopes))
	for i, sc := range exp.Scopes {
		if i > 0 && !m.root.work.Spend(stepsPerInstance) {
			break // the root's problems say so
		}
		res := &Resource{Mode: decl.Mode, Type: decl.Type, Name: decl.Name, Key: exp.Keys[i], Module: m, Decl: decl}
		body := decl.Block.Body
		if decl.Mode == module.Action {
			for _, b := range body.Blocks {
				if b.Type == "config" {
					body = b.Body
				}
			}
		}
		res.Body = lang.NewBody(sc, body, value.At(module.HeaderRange(decl.Block)), exp.Unknown)
		sc.SetSelf(res)
		set.all = append(set.all, res)
	}
	m.sets[address] = set
	return set
}

// callSet is what a module block expands to.
type callSet struct {
	all                                    []*Module
	single, byKey, unknown, opaque, cyclic bool
}

func (m *Module) callSet(name string) *callSet {
	if set, ok := m.calls[name]; ok {
		return set
	}
	call := m.Source.Call(name)
	if call == nil {
		return nil
	}
	m.calls[name] = &callSet{cyclic: true}
	set := m.expandCall(call)
	m.calls[name] = set
	return set
}

// Unread reports a call of the module whose sources are not at hand or cannot be followed.
func (m *Module) Unread(call string) bool {
	set := m.callSet(call)
	return set != nil && set.opaque && len(set.all) == 0
}

func (m *Module) expandCall(call *module.Call) *callSet {
	r, at := m.root, module.HeaderRange(call.Block)
	src := m.load(call)
	if src == nil {
		return &callSet{opaque: true}
	}
	depth := 0
	for p := m; p != nil; p = p.Parent {
		if p.Source.Dir == src.Dir {
			r.work.Report(at, fmt.Sprintf("module %q calls itself through %s; the call is not followed", call.Name, src.Dir))
			return &callSet{opaque: true}
		}
		depth++
	}
	if depth > maxCallDepth {
		r.work.Report(at, fmt.Sprintf("modules nest deeper than %d; the call is not followed", maxCallDepth))
		return &callSet{opaque: true}
	}
	exp := m.scope.Expand(call.Block)
	set := &callSet{single: exp.Single, byKey: exp.ByKey, unknown: exp.Unknown}
	for i, sc := range exp.Scopes {
		if i > 0 && !r.work.Spend(stepsPerModule) {
			break // the root's problems say so
		}
		if r.modules++; r.modules > maxModules {
			r.work.Report(at, fmt.Sprintf("more than %d module instances; the rest are not linted", maxModules))
			break
		}
		p := "module." + call.Name + value.KeySuffix(exp.Keys[i])
		if m.Path != "" {
			p = m.Path + "." + p
		}
		c := r.newModule(src, p, m, call, sc)
		c.key, c.maybe = exp.Keys[i], exp.Unknown || m.maybe
		set.all = append(set.all, c)
	}
	if len(set.all) == 0 && set.single {
		set.opaque = true
	}
	return set
}

// load finds the directory of a call; nil when it cannot be read, which is a problem only for local sources.
func (m *Module) load(call *module.Call) *module.Module {
	r := m.root
	dir := ""
	if call.Local() {
		dir = path.Join(m.Source.Dir, call.Source)
	} else {
		var names []string
		for p := m; p.Call != nil; p = p.Parent {
			names = append([]string{p.Call.Name}, names...)
		}
		d, ok := r.loader.Installed(r.Dir, append(names, call.Name))
		if !ok {
			return nil
		}
		dir = d
	}
	src, err := r.loader.Module(dir)
	if err != nil {
		r.work.Report(module.HeaderRange(call.Block), fmt.Sprintf("module %q: %v; its outputs are unknown", call.Name, err))
		return nil
	}
	return src
}

// Duplicate reports that an earlier instance of the same directory has the same inputs and providers, so that every rule
// about single resources would find the same again.
func (m *Module) Duplicate() bool {
	m.root.expand()
	return m.duplicate
}

// signature describes all that the instance's values depend on.
func (m *Module) signature() string {
	if m.Parent == nil {
		return m.Source.Dir
	}
	var b strings.Builder
	b.WriteString(m.Source.Dir)
	for _, n := range slices.Sorted(maps.Keys(m.Source.Variables)) {
		b.WriteString("|" + n + "=")
		value.WriteCanonical(&b, m.Variable(n))
	}
	b.WriteString("|providers:" + m.providerSignature())
	if m.maybe {
		b.WriteString("|maybe")
	}
	return b.String()
}

// PolicyDocument returns the JSON text of a data "aws_iam_policy_document".
func (m *Module) PolicyDocument(r *Resource) value.Value {
	return m.once("policy "+r.Address(), r.Range(), func() value.Value { return policydoc.JSON(&r.Body, r, &m.root.work.Holes) })
}
