package eval

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func (s *scope) splat(e *hclsyntax.SplatExpr) Value {
	src := s.eval(e.Source)
	each := func(v Value) Value {
		c := *s
		c.names = &binding{sym: e.Item, val: v, next: s.names}
		return c.eval(e.Each)
	}
	switch src.kind {
	case Null:
		return ListValue(nil)
	case Unknown:
		return ListValue([]Value{each(src)}).WithPartial(src.Refs()...)
	case List:
		out := make([]Value, 0, src.Len())
		for _, v := range src.Elems() {
			if !s.step(1) {
				break
			}
			out = append(out, each(v))
		}
		l := ListValue(out).with(src.flags)
		if src.Partial() {
			return l.WithPartial(src.Refs()...)
		}
		return l
	}
	return ListValue([]Value{each(src)})
}

func (s *scope) forExpr(e *hclsyntax.ForExpr) Value {
	coll := s.eval(e.CollExpr)
	out := forResult{list: e.KeyExpr == nil, group: e.Group, m: newMap(0)}
	body := func(k, v Value) {
		c := s
		if e.KeyVar != "" {
			c = c.bind(e.KeyVar, k)
		}
		c = c.bind(e.ValVar, v)
		if e.CondExpr != nil {
			ok, known := c.eval(e.CondExpr).Bool()
			if known && !ok {
				return
			}
			if !known {
				out.unknown(nil)
			}
		}
		if out.list {
			out.elems = append(out.elems, c.eval(e.ValExpr))
			return
		}
		key := c.eval(e.KeyExpr)
		val := c.eval(e.ValExpr)
		if name, ok := key.Str(); ok {
			out.set(name, val)
		} else {
			out.unknown(key.Refs())
		}
	}
	switch coll.kind {
	case Unknown:
		body(UnknownValue(coll.Refs()...), coll)
		out.unknown(coll.Refs())
	case List:
		for i, v := range coll.Elems() {
			if !s.step(4) {
				break
			}
			k := IntValue(i)
			if coll.flags&isSet != 0 {
				k = v
			}
			body(k, v)
		}
	case Map:
		for i, k := range coll.Keys() {
			if !s.step(4) {
				break
			}
			body(StringValue(k), coll.data.(*object).vals[i])
		}
	default:
		return s.fail()
	}
	if coll.Partial() {
		out.unknown(coll.Refs())
	}
	return out.value().with(coll.flags & sensitive)
}

// forResult collects what a for expression yields.
type forResult struct {
	list, group, part bool
	elems             []Value
	refs              []Ref
	m                 *mapBuilder
}

func (f *forResult) unknown(refs []Ref) {
	f.part = true
	f.refs = mergeRefs(f.refs, refs)
}

func (f *forResult) set(k string, v Value) {
	if f.group {
		old, _ := f.m.get(k)
		v = ListValue(append(append([]Value(nil), old.Elems()...), v))
	}
	f.m.set(k, v)
}

func (f *forResult) value() Value {
	v := f.m.value()
	if f.list {
		v = ListValue(f.elems)
	}
	if f.part {
		return v.WithPartial(f.refs...)
	}
	return v
}

func (s *scope) join(e *hclsyntax.TemplateJoinExpr) Value {
	l := s.eval(e.Tuple)
	tab := &s.m.root.holes
	if l.kind != List {
		return UnknownValue(l.Refs()...)
	}
	var b strings.Builder
	for _, v := range l.Elems() {
		t, ok := v.holey(tab)
		if !ok {
			t, _ = s.fail().holey(tab)
		}
		if b.Len()+len(t) > maxString {
			return s.tooBig(e.Range(), "string")
		}
		b.WriteString(t)
	}
	if l.Partial() {
		b.WriteString(tab.add(l.Refs()))
	}
	return textValue(b.String(), tab).with(l.flags)
}
