package eval

import (
	"context"
	"path"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
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
	r := newRoot(ctx, p.Dir, loader, opts)
	r.expanded = true
	r.opts.Variables = map[string]value.Value{}
	for k, v := range p.Variables {
		r.opts.Variables[k] = convert.FromJSON(v, nil, nil, nil)
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
			res.Key = convert.FromJSON(pr.Index, nil, nil, nil)
		}
		ref := value.Ref{Address: res.LocalAddress(), Module: m.Path}
		val := convert.FromJSON(map[string]any(pr.Values), pr.Unknown, pr.Sensitive, &ref)
		at := value.At{Filename: p.Name}
		if m.Source != nil {
			res.Decl = m.Source.Resource(ref.Address)
		}
		if res.Decl != nil {
			at = value.At(module.HeaderRange(res.Decl.Block))
			val = val.Mapped(func(k string, v value.Value) value.Value {
				if a := res.Decl.Block.Body.Attributes[k]; a != nil {
					return v.WithSource(a.Expr)
				}
				return v
			})
		}
		res.Body = lang.ValueBody(val, at)
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
	out := &Provider{Name: name, Opaque: key == "", Body: lang.ValueBody(value.UnknownValue(), nil)}
	if pc := p.Providers[key]; pc != nil {
		out = &Provider{Name: pc.Name, Alias: pc.Alias, Declared: true, Body: lang.ValueBody(expressions(pc.Expressions), nil)}
	} else if key != "" {
		out = &Provider{Name: name, Body: lang.ValueBody(value.MapValue(nil), nil)}
	}
	known[key] = out
	return out
}

// expressions reads the configuration part of a plan.
func expressions(v any) value.Value {
	switch v := v.(type) {
	case map[string]any:
		if c, ok := v["constant_value"]; ok {
			return convert.FromJSON(c, nil, nil, nil)
		}
		if _, ok := v["references"]; ok {
			return value.UnknownValue()
		}
		m := make(map[string]value.Value, len(v))
		for k, e := range v {
			m[k] = expressions(e)
		}
		return value.MapValue(m)
	case []any:
		out := make([]value.Value, len(v))
		for i, e := range v {
			out[i] = expressions(e)
		}
		return value.ListValue(out)
	}
	return value.UnknownValue()
}
