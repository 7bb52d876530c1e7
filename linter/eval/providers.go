package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Provider is a provider configuration as a module instance sees it.
type Provider struct {
	lang.Body
	// Name is the provider's type ("aws"), Alias the name it has in the module that configures it.
	Name, Alias string
	// Declared is false when no block configures it: then it has no arguments.
	Declared bool
	// Opaque is set when a configuration was passed that cannot be followed; nothing is known of it.
	Opaque bool
}

// own returns the configurations that the module declares itself, and those its caller passes, by local reference.
func (m *Module) ownProviders() map[string]*Provider {
	if m.providers != nil {
		return m.providers
	}
	m.providers = map[string]*Provider{}
	for _, p := range m.Source.Providers {
		m.providers[p.Key()] = &Provider{Name: p.Name, Alias: p.Alias, Declared: true,
			Body: lang.NewBody(m.scope, p.Block.Body, value.At(module.HeaderRange(p.Block)), false)}
	}
	if m.Call == nil {
		return m.providers
	}
	a := m.Call.Block.Body.Attributes["providers"]
	if a == nil {
		return m.providers
	}
	obj, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return m.providers
	}
	for _, it := range obj.Items {
		key, ok := providerKey(it.KeyExpr)
		if !ok {
			continue
		}
		from, ok := providerKey(it.ValueExpr)
		if !ok {
			name, _, _ := strings.Cut(key, ".")
			m.providers[key] = &Provider{Name: name, Opaque: true}
			continue
		}
		m.providers[key] = m.Parent.providerByKey(from)
	}
	return m.providers
}

// providerKey reads a reference to a provider: aws, aws.eu, or the same as a string.
func providerKey(e hclsyntax.Expression) (string, bool) {
	if k, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
		e = k.Wrapped
	}
	if t, ok := e.(*hclsyntax.ScopeTraversalExpr); ok {
		parts := []string{t.Traversal.RootName()}
		for _, st := range t.Traversal[1:] {
			a, ok := st.(hcl.TraverseAttr)
			if !ok {
				return "", false
			}
			parts = append(parts, a.Name)
		}
		return strings.Join(parts, "."), len(parts) <= 2
	}
	return module.Literal(e)
}

func (m *Module) providerByKey(key string) *Provider {
	if p := m.ownProviders()[key]; p != nil {
		return p
	}
	name, alias, _ := strings.Cut(key, ".")
	if m.Parent != nil && alias == "" {
		return m.Parent.providerByKey(key) // default configurations are inherited, aliases are not
	}
	p := &Provider{Name: name, Alias: alias, Opaque: alias != "", Body: lang.ValueBody(value.MapValue(nil), nil)}
	m.providers[key] = p
	return p
}

func (m *Module) providerFor(r *Resource) *Provider {
	if e := r.Decl.Block.Body.Attributes["provider"]; e != nil {
		if key, ok := providerKey(e.Expr); ok {
			return m.providerByKey(key)
		}
		return &Provider{Name: localProvider(r.Type), Opaque: true, Body: lang.ValueBody(value.UnknownValue(), nil)}
	}
	return m.providerByKey(localProvider(r.Type))
}

// localProvider is the provider a type belongs to by its name.
func localProvider(typ string) string {
	name, _, _ := strings.Cut(typ, "_")
	return name
}

// Providers lists the configurations that the module declares, in source order.
func (m *Module) Providers() []*Provider {
	own := m.ownProviders()
	out := make([]*Provider, 0, len(m.Source.Providers))
	for _, p := range m.Source.Providers {
		out = append(out, own[p.Key()])
	}
	return out
}

// providerSignature tells instances apart whose resources use different provider configurations.
func (m *Module) providerSignature() string {
	if m.Parent == nil {
		return "root"
	}
	own := m.ownProviders()
	if len(own) == 0 {
		return m.Parent.providerSignature()
	}
	var b strings.Builder
	b.WriteString(m.Parent.providerSignature())
	for _, k := range slices.Sorted(maps.Keys(own)) {
		b.WriteString(";" + k + "=" + own[k].Range().String())
		if len(m.Source.Providers) > 0 {
			b.WriteString(m.Path) // its own blocks may use any of its values
		}
	}
	return b.String()
}
