package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

func (s *Scope) splat(e *hclsyntax.SplatExpr) value.Value {
	src := s.Eval(e.Source)
	each := func(v value.Value) value.Value {
		c := *s
		c.names = &binding{sym: e.Item, val: v, next: s.names}
		return c.Eval(e.Each)
	}
	switch src.Kind() {
	case value.Null:
		return value.ListValue(nil)
	case value.Unknown:
		return value.ListValue([]value.Value{each(src)}).WithPartial(src.Refs()...)
	case value.List:
		out := make([]value.Value, 0, src.Len())
		for _, v := range src.Elems() {
			if !s.Step(1) {
				break
			}
			out = append(out, each(v))
		}
		l := value.ListValue(out).Marked(src.Sensitive())
		if src.Partial() {
			return l.WithPartial(src.Refs()...)
		}
		return l
	}
	return value.ListValue([]value.Value{each(src)})
}

func (s *Scope) forExpr(e *hclsyntax.ForExpr) value.Value {
	coll := s.Eval(e.CollExpr)
	out := forResult{list: e.KeyExpr == nil, group: e.Group, m: value.NewMap(0)}
	body := func(k, v value.Value) {
		c := s
		if e.KeyVar != "" {
			c = c.bind(e.KeyVar, k)
		}
		c = c.bind(e.ValVar, v)
		if e.CondExpr != nil {
			cond := c.Eval(e.CondExpr)
			ok, known := condition(cond)
			if known && !ok {
				return
			}
			if !known {
				if cond.IsKnown() {
					s.Fail()
				}
				out.unknown(nil)
			}
		}
		if out.list {
			out.elems = append(out.elems, c.Eval(e.ValExpr))
			return
		}
		key := c.Eval(e.KeyExpr)
		val := c.Eval(e.ValExpr)
		if name, ok := key.Str(); ok {
			if _, twice := out.m.Get(name); twice && !out.group {
				s.Fail()
			}
			out.set(name, val)
			return
		}
		if key.IsKnown() {
			s.Fail()
		}
		out.unknown(key.Refs())
	}
	switch coll.Kind() {
	case value.Unknown:
		body(value.UnknownValue(coll.Refs()...), coll)
		out.unknown(coll.Refs())
	case value.List:
		for i, v := range coll.Elems() {
			if !s.Step(4) {
				break
			}
			k := value.IntValue(i)
			if coll.FromSet() {
				k = v
			}
			body(k, v)
		}
	case value.Map:
		for i, k := range coll.Keys() {
			if !s.Step(4) {
				break
			}
			body(value.StringValue(k), coll.Vals()[i])
		}
	default:
		return s.Fail()
	}
	if coll.Partial() {
		out.unknown(coll.Refs())
	}
	return out.value().Marked(coll.Sensitive())
}

// forResult collects what a for expression yields.
type forResult struct {
	list, group, part bool
	elems             []value.Value
	refs              []value.Ref
	m                 *value.MapBuilder
}

func (f *forResult) unknown(refs []value.Ref) {
	f.part = true
	f.refs = value.MergeRefs(f.refs, refs)
}

func (f *forResult) set(k string, v value.Value) {
	if f.group {
		old, _ := f.m.Get(k)
		v = value.ListValue(append(append([]value.Value(nil), old.Elems()...), v))
	}
	f.m.Set(k, v)
}

func (f *forResult) value() value.Value {
	v := f.m.Value()
	if f.list {
		v = value.ListValue(f.elems)
	}
	if f.part {
		return v.WithPartial(f.refs...)
	}
	return v
}

func (s *Scope) join(e *hclsyntax.TemplateJoinExpr) value.Value {
	l := s.Eval(e.Tuple)
	tab := &s.in.Work.Holes
	if l.Kind() != value.List {
		return value.UnknownValue(l.Refs()...)
	}
	var b strings.Builder
	for _, v := range l.Elems() {
		t, ok := tab.Text(v)
		if !ok {
			t, _ = tab.Text(s.Fail())
		}
		if b.Len()+len(t) > value.MaxString {
			return s.in.Work.TooBig(e.Range(), "string")
		}
		b.WriteString(t)
	}
	if l.Partial() {
		b.WriteString(tab.Add(l.Refs()))
	}
	return value.TextValue(b.String(), tab).Marked(l.Sensitive())
}
