package eval

import (
	"context"
	"encoding/json"
	"math/big"
	"path"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
)

// FromPlan makes a root of a plan's instances. When the sources lie in the plan's directory, resources and arguments have their
// positions; otherwise findings are placed by address only.
func FromPlan(ctx context.Context, p *plan.Plan, loader Loader, opts Options) *Root {
	src, err := loader.Module(p.Dir)
	if err != nil {
		src = &module.Module{Dir: p.Dir}
	}
	r := &Root{Dir: p.Dir, ctx: ctx, loader: loader, opts: opts, expanded: true}
	r.opts.Variables = map[string]Value{}
	for k, v := range p.Variables {
		r.opts.Variables[k] = fromJSON(v, nil, nil, nil)
	}
	r.Module = r.newModule(src, "", nil, nil, nil)
	r.Module.planned = []*Resource{}
	r.instances = []*Module{r.Module}
	byPath := map[string]*Module{"": r.Module}
	providers := map[string]*Provider{}
	for _, pr := range p.Resources {
		m := r.plannedModule(byPath, pr.Module)
		res := &Resource{Mode: modeNamed(pr.Mode), Type: pr.Type, Name: pr.Name, Module: m, address: pr.Address}
		if pr.Index != nil {
			res.Key = fromJSON(pr.Index, nil, nil, nil)
		}
		ref := Ref{Address: res.LocalAddress(), Module: m.Path}
		res.val = fromJSON(map[string]any(pr.Values), pr.Unknown, pr.Sensitive, &ref)
		res.loc = At{Filename: p.Name}
		if m.Source != nil {
			res.Decl = m.Source.Resource(ref.Address)
		}
		if res.Decl != nil {
			res.loc = At(module.HeaderRange(res.Decl.Block))
			res.val = res.val.mapped(func(k string, v Value) Value {
				if a := res.Decl.Block.Body.Attributes[k]; a != nil {
					return v.WithSource(a.Expr)
				}
				return v
			})
		}
		res.provider = r.plannedProvider(providers, p, pr)
		m.planned = append(m.planned, res)
		r.resources = append(r.resources, res)
	}
	return r
}

func modeNamed(mode string) module.Mode {
	if mode == "data" {
		return module.Data
	}
	return module.Managed
}

func (r *Root) plannedModule(byPath map[string]*Module, address string) *Module {
	if m := byPath[address]; m != nil {
		return m
	}
	up, last := splitModule(address)
	parent := r.plannedModule(byPath, up)
	name, _, _ := strings.Cut(strings.TrimPrefix(last, "module."), "[")
	src := &module.Module{Dir: parent.Source.Dir}
	var call *module.Call
	if c := parent.Source.Call(name); c != nil {
		call = c
		if c.Local() {
			if s, err := r.loader.Module(path.Join(parent.Source.Dir, c.Source)); err == nil {
				src = s
			}
		}
	}
	m := r.newModule(src, address, parent, call, parent.scope)
	m.planned = []*Resource{}
	byPath[address] = m
	r.instances = append(r.instances, m)
	return m
}

// splitModule cuts the last call off a module address; keys may contain dots.
func splitModule(address string) (up, last string) {
	cut, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(address[i:], ".module."):
			cut = i
		}
	}
	if cut == 0 {
		return "", address
	}
	return address[:cut], address[cut+1:]
}

// plannedProvider keeps what the plan tells of a configuration: constants are known, everything else unknown.
func (r *Root) plannedProvider(known map[string]*Provider, p *plan.Plan, pr *plan.Resource) *Provider {
	key := pr.ProviderKey
	if out := known[key]; out != nil && key != "" {
		return out
	}
	name := localProvider(pr.Type)
	out := &Provider{Name: name, Opaque: key == "", Body: Body{val: UnknownValue()}}
	if pc := p.Providers[key]; pc != nil {
		out = &Provider{Name: pc.Name, Alias: pc.Alias, Declared: true, Body: Body{val: expressions(pc.Expressions)}}
	} else if key != "" {
		out = &Provider{Name: name, Body: Body{val: MapValue(nil)}}
	}
	known[key] = out
	return out
}

// expressions reads the configuration part of a plan.
func expressions(v any) Value {
	switch v := v.(type) {
	case map[string]any:
		if c, ok := v["constant_value"]; ok {
			return fromJSON(c, nil, nil, nil)
		}
		if _, ok := v["references"]; ok {
			return UnknownValue()
		}
		m := make(map[string]Value, len(v))
		for k, e := range v {
			m[k] = expressions(e)
		}
		return MapValue(m)
	case []any:
		out := make([]Value, len(v))
		for i, e := range v {
			out[i] = expressions(e)
		}
		return ListValue(out)
	}
	return UnknownValue()
}

// fromJSON converts a decoded JSON value; unknown and secret mirror it where parts are unknown or sensitive.
func fromJSON(v, unknown, secret any, ref *Ref) Value {
	if b, ok := unknown.(bool); ok && b {
		if ref != nil {
			return UnknownValue(*ref)
		}
		return UnknownValue()
	}
	var fl flags
	if b, ok := secret.(bool); ok && b {
		fl = sensitive
	}
	return plainJSON(v, unknown, secret, ref).with(fl)
}

func plainJSON(v, unknown, secret any, ref *Ref) Value {
	part := func(x any, key string, i int) any {
		switch x := x.(type) {
		case map[string]any:
			return x[key]
		case []any:
			if i < len(x) {
				return x[i]
			}
		}
		return nil
	}
	inner := func(key string) *Ref {
		if ref == nil {
			return nil
		}
		r := *ref
		r.Path = joinPath(r.Path, key)
		return &r
	}
	switch v := v.(type) {
	case bool:
		return BoolValue(v)
	case string:
		return StringValue(v)
	case json.Number:
		if f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven); err == nil {
			return NumberValue(f)
		}
		return UnknownValue()
	case []any:
		out := make([]Value, len(v))
		for i, e := range v {
			out[i] = fromJSON(e, part(unknown, "", i), part(secret, "", i), ref)
		}
		return ListValue(out)
	case map[string]any:
		b := newMap(len(v))
		for _, k := range sortedKeys(v) {
			b.set(k, fromJSON(v[k], part(unknown, k, 0), part(secret, k, 0), inner(k)))
		}
		if u, ok := unknown.(map[string]any); ok {
			for _, k := range sortedKeys(u) {
				if _, ok := v[k]; !ok {
					if e := fromJSON(nil, u[k], nil, inner(k)); e.kind == Unknown {
						b.set(k, e)
					}
				}
			}
		}
		return b.value()
	}
	return NullValue()
}
