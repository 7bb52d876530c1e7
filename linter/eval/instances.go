package eval

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

const (
	// maxInstances bounds the instances of one block; the rest would only repeat the findings of the first.
	maxInstances = 1024
	// maxModules bounds the module instances of one root.
	maxModules = 50_000
	// maxCallDepth bounds nested calls; a module that calls itself is found earlier.
	maxCallDepth = 64
)

// New prepares the evaluation of a root module. Nothing is evaluated until asked for.
func New(ctx context.Context, src *module.Module, loader Loader, opts Options) *Root {
	r := &Root{Dir: src.Dir, ctx: ctx, loader: loader, opts: opts}
	r.Module = r.newModule(src, "", nil, nil, nil)
	return r
}

func (r *Root) newModule(src *module.Module, path string, parent *Module, call *module.Call, caller *scope) *Module {
	m := &Module{Source: src, Path: path, Parent: parent, Call: call, root: r, memos: map[string]*memo{},
		sets: map[string]*instanceSet{}, calls: map[string]*callSet{}}
	m.scope = &scope{m: m, caller: caller}
	return m
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
	exp := m.scope.expansion(decl.Block)
	set.single, set.byKey, set.unknown = exp.single, exp.byKey, exp.unknown
	set.all = make([]*Resource, 0, len(exp.scopes))
	for i, sc := range exp.scopes {
		if i > 0 && !m.root.spend(stepsPerInstance) {
			break // the root's problems say so
		}
		res := &Resource{Mode: decl.Mode, Type: decl.Type, Name: decl.Name, Key: exp.keys[i], Module: m, Decl: decl}
		body := decl.Block.Body
		if decl.Mode == module.Action {
			for _, b := range body.Blocks {
				if b.Type == "config" {
					body = b.Body
				}
			}
		}
		res.Body = Body{scope: sc, hcl: body, loc: At(module.HeaderRange(decl.Block)), maybe: exp.unknown}
		sc.self = res
		set.all = append(set.all, res)
	}
	m.sets[address] = set
	return set
}

// expansion is what count or for_each make of a block.
type expansion struct {
	scopes                 []*scope
	keys                   []Value
	single, byKey, unknown bool
}

func (s *scope) expansion(b *hclsyntax.Block) expansion {
	one := func(c scope) *scope {
		c.names, c.caller = nil, nil
		return &c
	}
	if a := b.Body.Attributes["count"]; a != nil {
		return s.byCount(a, one)
	}
	if a := b.Body.Attributes["for_each"]; a != nil {
		return s.byEach(a, one)
	}
	c := *s
	return expansion{scopes: []*scope{one(c)}, keys: []Value{{}}, single: true}
}

func (s *scope) byCount(a *hclsyntax.Attribute, one func(scope) *scope) expansion {
	v := s.eval(a.Expr)
	exp := expansion{}
	n, ok := v.Int()
	if b, isBool := v.Bool(); isBool && v.kind == Bool { // OpenTofu and mistakes alike
		n, ok = 0, true
		if b {
			n = 1
		}
	}
	if !ok {
		c := *s
		c.count, c.each = UnknownValue(Ref{Address: "count", Path: "index", Module: s.m.Path}), nil
		return expansion{scopes: []*scope{one(c)}, keys: []Value{c.count}, unknown: true}
	}
	if n > maxInstances {
		s.m.root.problem(a.SrcRange, fmt.Sprintf("count = %d; the first %d instances were linted", n, maxInstances))
		n = maxInstances
	}
	for i := range n {
		c := *s
		c.count, c.each = IntValue(i), nil
		exp.scopes = append(exp.scopes, one(c))
		exp.keys = append(exp.keys, c.count)
	}
	return exp
}

func (s *scope) byEach(a *hclsyntax.Attribute, one func(scope) *scope) expansion {
	v := s.eval(a.Expr)
	exp := expansion{byKey: true, unknown: v.kind == Unknown || v.Partial()}
	add := func(k, val Value) {
		c := *s
		c.count, c.each = Value{}, &eachValue{key: k, val: val}
		exp.scopes = append(exp.scopes, one(c))
		exp.keys = append(exp.keys, k)
	}
	n := v.Len()
	if n > maxInstances {
		s.m.root.problem(a.SrcRange, fmt.Sprintf("for_each over %d elements; the first %d were linted", n, maxInstances))
		n = maxInstances
	}
	switch v.kind {
	case Map:
		for i, k := range v.Keys()[:n] {
			add(StringValue(k), v.data.(*object).vals[i])
		}
	case List:
		for _, e := range v.Elems()[:n] {
			add(e, e)
		}
	case Unknown:
	default:
		return exp // wrong type or null: terraform validate says so
	}
	if exp.unknown {
		key := UnknownValue(Ref{Address: "each", Path: "key", Module: s.m.Path})
		val := UnknownValue(v.Refs()...)
		if v.kind == List {
			val = key
		}
		add(key, val)
	}
	return exp
}

// dynamic expands a dynamic block.
func (s *scope) dynamic(b *hclsyntax.Block) []*Body {
	var content *hclsyntax.Block
	for _, c := range b.Body.Blocks {
		if c.Type == "content" {
			content = c
		}
	}
	each := b.Body.Attributes["for_each"]
	if content == nil || each == nil {
		return nil
	}
	iterator := b.Labels[0]
	if a := b.Body.Attributes["iterator"]; a != nil {
		if kw := hcl.ExprAsKeyword(a.Expr); kw != "" {
			iterator = kw
		}
	}
	v := s.eval(each.Expr)
	var out []*Body
	add := func(k, val Value, maybe bool) {
		it := MapValue(map[string]Value{"key": k, "value": val})
		if s.step(stepsPerBody) {
			out = append(out, &Body{scope: s.bind(iterator, it), hcl: content.Body, loc: At(module.HeaderRange(b)), maybe: maybe})
		}
	}
	n := min(v.Len(), maxInstances)
	switch v.kind {
	case Map:
		for i, k := range v.Keys()[:n] {
			add(StringValue(k), v.data.(*object).vals[i], false)
		}
	case List:
		for i, e := range v.Elems()[:n] {
			k := IntValue(i)
			if v.flags&isSet != 0 {
				k = e
			}
			add(k, e, false)
		}
	}
	if v.kind == Unknown || v.Partial() {
		add(UnknownValue(v.Refs()...), UnknownValue(v.Refs()...), true)
	}
	return out
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

func (m *Module) expandCall(call *module.Call) *callSet {
	r, at := m.root, module.HeaderRange(call.Block)
	src := m.load(call)
	if src == nil {
		return &callSet{opaque: true}
	}
	depth := 0
	for p := m; p != nil; p = p.Parent {
		if p.Source.Dir == src.Dir {
			r.problem(at, fmt.Sprintf("module %q calls itself through %s; the call is not followed", call.Name, src.Dir))
			return &callSet{opaque: true}
		}
		depth++
	}
	if depth > maxCallDepth {
		r.problem(at, fmt.Sprintf("modules nest deeper than %d; the call is not followed", maxCallDepth))
		return &callSet{opaque: true}
	}
	exp := m.scope.expansion(call.Block)
	set := &callSet{single: exp.single, byKey: exp.byKey, unknown: exp.unknown}
	for i, sc := range exp.scopes {
		if i > 0 && !r.spend(stepsPerModule) {
			break // the root's problems say so
		}
		if r.modules++; r.modules > maxModules {
			r.problem(at, fmt.Sprintf("more than %d module instances; the rest are not linted", maxModules))
			break
		}
		p := "module." + call.Name + keySuffix(exp.keys[i])
		if m.Path != "" {
			p = m.Path + "." + p
		}
		c := r.newModule(src, p, m, call, sc)
		c.key, c.maybe = exp.keys[i], exp.unknown || m.maybe
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
		r.problem(module.HeaderRange(call.Block), fmt.Sprintf("module %q: %v; its outputs are unknown", call.Name, err))
		return nil
	}
	return src
}

// expand walks the whole tree of modules once.
func (r *Root) expand() {
	if r.expanded {
		return
	}
	r.expanded = true
	seen := map[string]bool{}
	var visit func(m *Module)
	visit = func(m *Module) {
		sig := m.sign()
		m.duplicate = seen[sig]
		seen[sig] = true
		r.instances = append(r.instances, m)
		r.resources = append(r.resources, m.Resources()...)
		if m.duplicate {
			return // what it calls repeats too: twelve calls nested four deep would be twenty thousand instances
		}
		for _, c := range m.Source.Calls {
			if set := m.callSet(c.Name); set != nil {
				for _, child := range set.all {
					if r.ctx.Err() != nil || r.stopped {
						return
					}
					visit(child)
				}
			}
		}
	}
	visit(r.Module)
}

// Duplicate reports that an earlier instance of the same directory has the same inputs and providers, so that every rule
// about single resources would find the same again.
func (m *Module) Duplicate() bool {
	m.root.expand()
	return m.duplicate
}

// sign describes all that the instance's values depend on.
func (m *Module) sign() string {
	if m.Parent == nil {
		m.signature = m.Source.Dir
		return m.signature
	}
	var b strings.Builder
	b.WriteString(m.Source.Dir)
	for _, n := range sortedKeys(m.Source.Variables) {
		b.WriteString("|" + n + "=")
		writeCanonical(&b, m.Variable(n))
	}
	b.WriteString("|providers:" + m.providerSignature())
	if m.maybe {
		b.WriteString("|maybe")
	}
	m.signature = b.String()
	return m.signature
}

// moduleAt finds a module instance by its address.
func (r *Root) moduleAt(address string) *Module {
	m := r.Module
	if m.planned != nil {
		i := slices.IndexFunc(r.instances, func(c *Module) bool { return c.Path == address })
		if i < 0 {
			return nil
		}
		return r.instances[i]
	}
	for m.Path != address {
		rest := strings.TrimPrefix(address[len(m.Path):], ".")
		name, _, _ := strings.Cut(strings.TrimPrefix(rest, "module."), ".")
		name, _, _ = strings.Cut(name, "[")
		set := m.callSet(name)
		if set == nil {
			return nil
		}
		i := slices.IndexFunc(set.all, func(c *Module) bool { return c.Path == address || strings.HasPrefix(address, c.Path+".") })
		if i < 0 {
			return nil
		}
		m = set.all[i]
	}
	return m
}
