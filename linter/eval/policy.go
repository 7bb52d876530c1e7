package eval

import "strings"

// policyDocument resolves data "aws_iam_policy_document" to its JSON, with the provider's merging: source documents, then
// the statements here, then override documents; a statement with a Sid replaces an earlier one of that Sid, in its place.
func (m *Module) policyDocument(r *Resource) Value {
	key := "policy " + r.Address()
	return m.once(key, r.Range(), func() Value {
		doc := policy{version: StringValue("2012-10-17")}
		for _, name := range []string{"source_json", "source_policy_documents"} {
			doc.mergeAll(r.Attr(name))
		}
		if id := r.Attr("policy_id"); id.IsSet() {
			doc.id = id
		}
		if v := r.Attr("version"); v.IsSet() {
			doc.version = v
		}
		for _, b := range r.Blocks("statement") {
			if b.hcl == nil && b.val.kind == Unknown {
				doc.uncertain, doc.refs = true, mergeRefs(doc.refs, b.val.Refs())
				continue
			}
			doc.add(statement(b))
			doc.uncertain = doc.uncertain || b.maybe
		}
		for _, name := range []string{"override_json", "override_policy_documents"} {
			doc.mergeAll(r.Attr(name))
		}
		return jsonValue(doc.value(r), &m.root.holes).WithSource(r)
	})
}

type policy struct {
	id, version Value
	statements  []Value
	uncertain   bool // other statements may exist
	refs        []Ref
}

func (p *policy) mergeAll(docs Value) {
	switch docs.kind {
	case Absent, Null:
		return
	case List:
		for _, d := range docs.Elems() {
			p.merge(d)
		}
		if docs.Partial() {
			p.uncertain, p.refs = true, mergeRefs(p.refs, docs.Refs())
		}
	default:
		p.merge(docs)
	}
}

func (p *policy) merge(text Value) {
	doc, err := text.JSON()
	if err != nil {
		return // an empty string means no document; anything else the provider rejects
	}
	if doc.kind != Map {
		p.uncertain, p.refs = true, mergeRefs(p.refs, text.Refs())
		return
	}
	if id := doc.Get("Id"); id.IsSet() {
		p.id = id
	}
	list := doc.Get("Statement")
	switch list.kind {
	case Map:
		p.add(list)
	case List:
		for _, s := range list.Elems() {
			if s.kind == Map {
				p.add(s)
			}
		}
	}
	if list.kind == Unknown || list.Partial() {
		p.uncertain, p.refs = true, mergeRefs(p.refs, list.Refs())
	}
}

func (p *policy) add(s Value) {
	if sid, ok := s.Get("Sid").Str(); ok && sid != "" {
		for i, old := range p.statements {
			if t, ok := old.Get("Sid").Str(); ok && t == sid {
				p.statements[i] = s
				return
			}
		}
	}
	p.statements = append(p.statements, s)
}

func (p *policy) value(at Locator) Value {
	b := newMap(3)
	b.set("Version", p.version)
	if p.id.IsSet() {
		b.set("Id", p.id)
	}
	l := ListValue(p.statements).WithSource(at)
	if p.uncertain {
		l = l.WithPartial(p.refs...)
	}
	b.set("Statement", l)
	return b.value().WithSource(at)
}

// statement turns a statement block into the JSON that the provider writes. Lists stay lists even of one element.
func statement(b *Body) Value {
	out := newMap(8)
	copyTo := func(name, key string) {
		if v := b.Attr(name); v.IsSet() && (v.kind != List || v.Len() > 0 || v.Partial()) {
			out.set(key, unescape(v))
		}
	}
	copyTo("sid", "Sid")
	out.set("Effect", StringValue("Allow").WithSource(b.loc))
	copyTo("effect", "Effect")
	copyTo("actions", "Action")
	copyTo("not_actions", "NotAction")
	copyTo("resources", "Resource")
	copyTo("not_resources", "NotResource")
	if p, ok := principals(b.Blocks("principals")); ok {
		out.set("Principal", p)
	}
	if p, ok := principals(b.Blocks("not_principals")); ok {
		out.set("NotPrincipal", p)
	}
	if c := b.Blocks("condition"); len(c) > 0 {
		out.set("Condition", conditions(c))
	}
	return out.value().WithSource(b.loc)
}

func principals(blocks []*Body) (Value, bool) {
	if len(blocks) == 0 {
		return Value{}, false
	}
	out := newMap(len(blocks))
	for _, b := range blocks {
		ids := unescape(b.Attr("identifiers"))
		typ, ok := b.Attr("type").Str()
		switch {
		case b.maybe && b.hcl == nil, !ok:
			out.unknown(b.Attr("type").Refs())
			continue
		case typ == "*":
			return StringValue("*").WithSource(b.loc), true
		}
		if old, ok := out.get(typ); ok && old.kind == List && ids.kind == List {
			joined := ListValue(append(append([]Value(nil), old.Elems()...), ids.Elems()...)).WithSource(old.src)
			if old.Partial() || ids.Partial() {
				joined = joined.WithPartial(mergeRefs(old.Refs(), ids.Refs())...)
			}
			ids = joined
		}
		out.set(typ, ids)
	}
	return out.value().WithSource(blocks[0].loc), true
}

func conditions(blocks []*Body) Value {
	out := newMap(len(blocks))
	for _, b := range blocks {
		test, ok1 := b.Attr("test").Str()
		variable, ok2 := b.Attr("variable").Str()
		if !ok1 || !ok2 {
			out.unknown(mergeRefs(b.Attr("test").Refs(), b.Attr("variable").Refs()))
			continue
		}
		inner := newMap(1)
		if old, ok := out.get(test); ok {
			old.Each(inner.set)
			if old.Partial() {
				inner.unknown(nil)
			}
		}
		inner.set(variable, unescape(b.Attr("values")))
		if b.maybe {
			inner.unknown(nil)
		}
		out.set(test, inner.value().WithSource(b.loc))
	}
	return out.value().WithSource(blocks[0].loc)
}

// unescape turns &{aws:username} into ${aws:username}, as the provider does because HCL keeps ${ for itself.
func unescape(v Value) Value {
	switch v.kind {
	case Unknown:
		if c := v.choice(); c != nil {
			return v.choosing(c.cond, unescape(c.yes), unescape(c.no))
		}
	case List:
		return v.mapped(func(_ string, e Value) Value { return unescape(e) })
	case String:
		if s, ok := v.data.(string); ok && strings.Contains(s, "&{") {
			v.data = strings.ReplaceAll(s, "&{", "${")
		} else if t, ok := v.data.(*text); ok && t.orig == nil && strings.Contains(t.s, "&{") {
			v.data = &text{s: strings.ReplaceAll(t.s, "&{", "${"), tab: t.tab}
		}
	}
	return v
}

// PolicyDocument returns the JSON text of a data "aws_iam_policy_document", for rules that judge one nobody refers to.
func (m *Module) PolicyDocument(r *Resource) Value { return m.policyDocument(r) }
