package lang

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Body gives the arguments and nested blocks of a resource, a provider or a block. It looks the same for HCL, JSON and
// plans: nested blocks may also be written as a list of objects. Values are evaluated when asked for and kept.
type Body struct {
	scope *Scope
	hcl   *hclsyntax.Body // nil when the body is a value: a plan, or blocks written as objects
	val   value.Value
	loc   value.Locator
	maybe bool
	cache []attrValue
	many  map[string]value.Value // beyond maxListed
}

// attrValue is an argument that was evaluated. Rules ask for a handful of each body: a list is found through faster than a map is made.
type attrValue struct {
	name string
	val  value.Value
}

const maxListed = 16

// NewBody returns a body that is written: evaluated in the scope, placed at loc.
func NewBody(s *Scope, hcl *hclsyntax.Body, loc value.Locator, maybe bool) Body {
	return Body{scope: s, hcl: hcl, loc: loc, maybe: maybe}
}

// ValueBody returns a body that is a value, placed at loc.
func ValueBody(v value.Value, loc value.Locator) Body { return Body{val: v, loc: loc} }

// Range is the header of the block.
func (b *Body) Range() hcl.Range {
	if b.loc == nil {
		return hcl.Range{}
	}
	return b.loc.Range()
}

// Place is the header of the block as a place for values.
func (b *Body) Place() value.Locator { return b.loc }

// Maybe reports that the block may not exist or may exist several times: it stands for the instances of an unknown
// for_each, count or dynamic block.
func (b *Body) Maybe() bool { return b.maybe }

// Attr evaluates an argument: Absent when it is not written, and unknown when that cannot be told.
func (b *Body) Attr(name string) value.Value {
	if b.hcl == nil {
		return b.val.Get(name)
	}
	for i := range b.cache {
		if b.cache[i].name == name {
			return b.cache[i].val
		}
	}
	if v, ok := b.many[name]; ok {
		return v
	}
	a := b.hcl.Attributes[name]
	if a == nil {
		return value.Value{}
	}
	v := b.scope.Eval(a.Expr)
	if len(b.cache) < maxListed {
		if b.cache == nil {
			b.cache = make([]attrValue, 0, 4)
		}
		b.cache = append(b.cache, attrValue{name, v})
		return v
	}
	if b.many == nil {
		b.many = map[string]value.Value{}
	}
	b.many[name] = v
	return v
}

// Has reports whether the argument is written with something other than null, or a block of that name exists.
func (b *Body) Has(name string) bool {
	if b.hcl == nil {
		v := b.val.Get(name)
		return v.IsSet() && (v.Kind() != value.List || v.Len() > 0 || v.Partial())
	}
	if b.hcl.Attributes[name] != nil {
		return b.Attr(name).IsSet()
	}
	return len(b.Blocks(name)) > 0
}

// AttrRange is where an argument is written (its name), or the block's header when it is not.
func (b *Body) AttrRange(name string) value.At {
	if b.hcl != nil {
		if a := b.hcl.Attributes[name]; a != nil {
			return value.At(a.NameRange)
		}
	}
	if r := b.val.Get(name).Range(); b.hcl == nil && r.Filename != "" {
		return value.At(r)
	}
	return value.At(b.Range())
}

// AttrNames lists the arguments written, sorted. For a plan these include computed ones.
func (b *Body) AttrNames() []string {
	if b.hcl == nil {
		return b.val.Keys()
	}
	return slices.Sorted(maps.Keys(b.hcl.Attributes))
}

// BlockNames lists the types of nested blocks written as blocks, dynamic ones included, sorted.
func (b *Body) BlockNames() []string {
	if b.hcl == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, blk := range b.hcl.Blocks {
		n := blk.Type
		if n == "dynamic" && len(blk.Labels) == 1 {
			n = blk.Labels[0]
		}
		seen[n] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Block returns the first nested block of a type, or nil.
func (b *Body) Block(name string) *Body {
	if bs := b.Blocks(name); len(bs) > 0 {
		return bs[0]
	}
	return nil
}

// Blocks returns the nested blocks of a type, dynamic blocks expanded; also objects assigned to an argument of that name.
func (b *Body) Blocks(name string) []*Body {
	if b.hcl == nil {
		return bodiesOf(b.val.Get(name), b)
	}
	var out []*Body
	if a := b.hcl.Attributes[name]; a != nil {
		out = bodiesOf(b.Attr(name), b) // in JSON a dynamic block may stand beside it
	}
	for _, blk := range b.hcl.Blocks {
		switch {
		case blk.Type == name:
			out = append(out, &Body{scope: b.scope, hcl: blk.Body, loc: value.At(module.HeaderRange(blk))})
		case blk.Type == "dynamic" && len(blk.Labels) == 1 && blk.Labels[0] == name:
			out = append(out, b.scope.dynamic(blk)...)
		}
	}
	return out
}

func bodiesOf(v value.Value, parent *Body) []*Body {
	locate := func(v value.Value) value.Locator {
		if v.Source() != nil {
			return v.Source()
		}
		return parent.loc
	}
	switch v.Kind() {
	case value.Map:
		return []*Body{{val: v, loc: locate(v)}}
	case value.Unknown:
		return []*Body{{val: v, loc: locate(v), maybe: true}}
	case value.List:
		out := make([]*Body, 0, v.Len())
		for _, e := range v.Elems() {
			if e.Kind() == value.Map || e.Kind() == value.Unknown {
				out = append(out, &Body{val: e, loc: locate(e), maybe: e.Kind() == value.Unknown})
			}
		}
		if v.Partial() {
			out = append(out, &Body{val: value.UnknownValue(v.Refs()...), loc: locate(v), maybe: true})
		}
		return out
	}
	return nil
}

// Expr returns the expression of an argument, nil when it is not written or the body is a value.
func (b *Body) Expr(name string) hclsyntax.Expression {
	if b.hcl != nil {
		if a := b.hcl.Attributes[name]; a != nil {
			return a.Expr
		}
	}
	return nil
}

// Opaque reports that nothing is known of the block but that it may exist.
func (b *Body) Opaque() bool { return b.hcl == nil && b.val.Kind() == value.Unknown }

// Syntax returns the body's syntax tree, nil for a plan. A rule that writes fixes needs it; others should not.
func (b *Body) Syntax() *hclsyntax.Body { return b.hcl }

// Refs lists every resource, data source, path or provider object that an argument depends on, through locals, variables of
// called modules and outputs, sorted by address. For nested blocks ask the block.
func (b *Body) Refs(name string) []value.Ref {
	e := b.Expr(name)
	if e == nil {
		if b.hcl == nil {
			return b.val.Get(name).AllRefs()
		}
		return nil
	}
	return b.scope.in.Names.References(b.scope, e)
}

// Value returns the whole body as a map, nested blocks as lists of maps.
func (b *Body) Value() value.Value {
	if b.hcl == nil {
		return b.val
	}
	m := make(map[string]value.Value, len(b.hcl.Attributes))
	for _, n := range b.AttrNames() {
		m[n] = b.Attr(n)
	}
	for _, n := range b.BlockNames() {
		var elems []value.Value
		uncertain := false
		for _, blk := range b.Blocks(n) {
			elems = append(elems, blk.Value())
			uncertain = uncertain || blk.maybe
		}
		l := value.ListValue(elems).WithSource(b.loc)
		if uncertain {
			l = l.WithPartial()
		}
		m[n] = l
	}
	return value.MapValue(m).WithSource(b.loc)
}
