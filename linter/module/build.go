package module

import (
	"fmt"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// builder gathers the files of one directory.
type builder struct {
	m         *Module
	marks     int
	overrides []*File
	calls     map[string]*Call
	providers map[string]*Provider
}

func newBuilder(dir string) *builder {
	return &builder{calls: map[string]*Call{}, providers: map[string]*Provider{}, m: &Module{Dir: dir, Variables: map[string]*Variable{},
		Locals: map[string]*hclsyntax.Attribute{}, Outputs: map[string]*Output{}, RequiredProviders: map[string]*RequiredProvider{},
		byAddress: map[string]*Resource{}}}
}

func (b *builder) file(f *File, diags hcl.Diagnostics) {
	b.m.Files = append(b.m.Files, f)
	b.m.Diags = append(b.m.Diags, diags...)
	if f.Override {
		b.overrides = append(b.overrides, f)
		return
	}
	for _, blk := range f.Body.Blocks {
		b.block(blk)
	}
}

func (b *builder) duplicate(blk *hclsyntax.Block, what string, earlier hcl.Range) {
	r := HeaderRange(blk)
	b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError,
		Summary: fmt.Sprintf("%s is declared twice, first at %s:%d", what, earlier.Filename, earlier.Start.Line), Subject: &r})
}

func (b *builder) block(blk *hclsyntax.Block) {
	labels := map[string]int{"variable": 1, "output": 1, "module": 1, "provider": 1, "resource": 2, "data": 2, "ephemeral": 2, "action": 2}
	if n, ok := labels[blk.Type]; ok && len(blk.Labels) != n {
		r := HeaderRange(blk)
		b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError,
			Summary: fmt.Sprintf("a %s block takes %d labels, this one has %d", blk.Type, n, len(blk.Labels)), Subject: &r})
		return
	}
	switch blk.Type {
	case "variable":
		if old := b.m.Variables[blk.Labels[0]]; old != nil {
			b.duplicate(blk, "variable "+blk.Labels[0], old.Block.TypeRange)
			return
		}
		b.m.Variables[blk.Labels[0]] = &Variable{Name: blk.Labels[0], Block: blk}
	case "output":
		if old := b.m.Outputs[blk.Labels[0]]; old != nil {
			b.duplicate(blk, "output "+blk.Labels[0], old.Block.TypeRange)
			return
		}
		b.m.Outputs[blk.Labels[0]] = &Output{Name: blk.Labels[0], Block: blk}
	case "locals":
		for _, a := range SortedAttributes(blk.Body) {
			if old := b.m.Locals[a.Name]; old != nil {
				r := a.NameRange
				b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Subject: &r,
					Summary: fmt.Sprintf("local %s is declared twice, first at %s:%d", a.Name, old.NameRange.Filename, old.NameRange.Start.Line)})
				continue
			}
			b.m.Locals[a.Name] = a
		}
	case "resource", "data", "ephemeral", "action":
		r := &Resource{Mode: modeOf(blk.Type), Type: blk.Labels[0], Name: blk.Labels[1], Block: blk}
		r.address = r.Address()
		if old := b.m.byAddress[r.address]; old != nil {
			b.duplicate(blk, r.address, old.Block.TypeRange)
			return
		}
		b.m.byAddress[r.address] = r
		b.m.Resources = append(b.m.Resources, r)
	case "module":
		if old := b.calls[blk.Labels[0]]; old != nil {
			b.duplicate(blk, "module "+blk.Labels[0], old.Block.TypeRange)
			return
		}
		c := &Call{Name: blk.Labels[0], Block: blk}
		b.calls[c.Name] = c
		b.m.Calls = append(b.m.Calls, c)
	case "provider":
		p := &Provider{Name: blk.Labels[0], Alias: attrLiteral(blk.Body, "alias"), Block: blk}
		if old := b.providers[p.Key()]; old != nil {
			b.duplicate(blk, "provider "+p.Key(), old.Block.TypeRange)
			return
		}
		b.providers[p.Key()] = p
		b.m.Providers = append(b.m.Providers, p)
	case "terraform":
		b.m.Terraform = append(b.m.Terraform, blk)
	case "check":
		b.m.Other = append(b.m.Other, blk)
		for _, inner := range blk.Body.Blocks { // scoped data sources
			if inner.Type == "data" && len(inner.Labels) == 2 {
				b.block(inner)
			}
		}
	default:
		b.m.Other = append(b.m.Other, blk)
	}
}

func modeOf(blockType string) Mode {
	switch blockType {
	case "data":
		return Data
	case "ephemeral":
		return Ephemeral
	case "action":
		return Action
	}
	return Managed
}

func (b *builder) finish() *Module {
	for _, f := range b.overrides {
		for _, blk := range f.Body.Blocks {
			b.override(blk)
		}
	}
	m := b.m
	for _, c := range m.Calls {
		c.Source, c.Version = attrLiteral(c.Block.Body, "source"), attrLiteral(c.Block.Body, "version")
	}
	for _, t := range m.Terraform {
		if a := t.Body.Attributes["required_version"]; a != nil {
			m.RequiredVersion = a
		}
		for _, blk := range t.Body.Blocks {
			switch blk.Type {
			case "backend", "cloud":
				m.Backend = blk
			case "required_providers":
				for _, a := range blk.Body.Attributes {
					m.RequiredProviders[a.Name] = requiredProvider(a)
				}
			}
		}
	}
	sort.SliceStable(m.Diags, func(i, j int) bool {
		a, b := m.Diags[i].Subject, m.Diags[j].Subject
		if a == nil || b == nil {
			return a == nil && b != nil
		}
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Start.Byte < b.Start.Byte
	})
	return m
}

func requiredProvider(a *hclsyntax.Attribute) *RequiredProvider {
	p := &RequiredProvider{Name: a.Name, Attr: a}
	if v, ok := Literal(a.Expr); ok {
		p.Version = v // the form of Terraform 0.12
		return p
	}
	obj, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return p
	}
	for _, it := range obj.Items {
		key := hcl.ExprAsKeyword(it.KeyExpr)
		if k, ok := it.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && key == "" {
			key, _ = Literal(k.Wrapped)
		}
		v, _ := Literal(it.ValueExpr)
		switch key {
		case "source":
			p.Source = v
		case "version":
			p.Version = v
		}
	}
	return p
}

// override merges a block of an override file into the block that it names: arguments replace arguments, nested blocks
// replace all nested blocks of their type.
func (b *builder) override(blk *hclsyntax.Block) {
	m := b.m
	switch {
	case blk.Type == "locals":
		for _, a := range blk.Body.Attributes {
			m.Locals[a.Name] = a
		}
	case blk.Type == "terraform":
		m.Terraform = append(m.Terraform, blk)
	case blk.Type == "variable" && len(blk.Labels) == 1 && m.Variables[blk.Labels[0]] != nil:
		v := m.Variables[blk.Labels[0]]
		v.Block = merged(v.Block, blk)
	case blk.Type == "output" && len(blk.Labels) == 1 && m.Outputs[blk.Labels[0]] != nil:
		o := m.Outputs[blk.Labels[0]]
		o.Block = merged(o.Block, blk)
	case blk.Type == "module" && len(blk.Labels) == 1 && b.calls[blk.Labels[0]] != nil:
		c := b.calls[blk.Labels[0]]
		c.Block = merged(c.Block, blk)
	case blk.Type == "provider" && len(blk.Labels) == 1:
		p := &Provider{Name: blk.Labels[0], Alias: attrLiteral(blk.Body, "alias"), Block: blk}
		if old := b.providers[p.Key()]; old != nil {
			old.Block = merged(old.Block, blk)
			return
		}
		b.block(blk)
	case len(blk.Labels) == 2:
		r := &Resource{Mode: modeOf(blk.Type), Type: blk.Labels[0], Name: blk.Labels[1]}
		if old := m.byAddress[r.Address()]; old != nil {
			old.Block = merged(old.Block, blk)
			return
		}
		b.block(blk)
	default:
		b.block(blk)
	}
}

func merged(base, over *hclsyntax.Block) *hclsyntax.Block {
	out, body := *base, *base.Body
	out.Body = &body
	body.Attributes = make(hclsyntax.Attributes, len(base.Body.Attributes)+len(over.Body.Attributes))
	for n, a := range base.Body.Attributes {
		body.Attributes[n] = a
	}
	for n, a := range over.Body.Attributes {
		body.Attributes[n] = a
	}
	replaced := map[string]bool{}
	for _, blk := range over.Body.Blocks {
		replaced[overrideKey(blk)] = true
	}
	body.Blocks = nil
	var lifecycle *hclsyntax.Block
	for _, blk := range base.Body.Blocks {
		if blk.Type == "lifecycle" {
			lifecycle = blk
		} else if replaced[overrideKey(blk)] {
			continue
		}
		body.Blocks = append(body.Blocks, blk)
	}
	for _, blk := range over.Body.Blocks {
		if blk.Type == "lifecycle" && lifecycle != nil { // merged argument by argument
			for i := range body.Blocks {
				if body.Blocks[i] == lifecycle {
					body.Blocks[i] = merged(lifecycle, blk)
				}
			}
			continue
		}
		body.Blocks = append(body.Blocks, blk)
	}
	return &out
}

// overrideKey is the type of block, which a dynamic block shares with the blocks it makes.
func overrideKey(b *hclsyntax.Block) string {
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		return b.Labels[0]
	}
	return b.Type
}
