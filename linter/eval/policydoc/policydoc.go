// Package policydoc resolves data "aws_iam_policy_document" to the JSON that the provider writes. In goes the evaluated block, out comes a
// JSON text that remembers where each statement was written.
package policydoc

import (
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// JSON is the text that the provider's data source makes of r, with its merging: source documents, then the statements here, then override
// documents; a statement with a Sid replaces an earlier one of that Sid, in its place. at is the place of the whole, and unknown parts become
// holes of the table.
func JSON(r *lang.Body, at value.Locator, holes *value.Holes) value.Value {
	doc := policy{version: value.StringValue("2012-10-17")}
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
		if b.Opaque() {
			doc.uncertain, doc.refs = true, value.MergeRefs(doc.refs, b.Value().Refs())
			continue
		}
		doc.add(statement(b))
		doc.uncertain = doc.uncertain || b.Maybe()
	}
	for _, name := range []string{"override_json", "override_policy_documents"} {
		doc.mergeAll(r.Attr(name))
	}
	return value.JSONValue(doc.value(at), holes).WithSource(at)
}

type policy struct {
	id, version value.Value
	statements  []value.Value
	uncertain   bool // other statements may exist
	refs        []value.Ref
}

func (p *policy) mergeAll(docs value.Value) {
	switch docs.Kind() {
	case value.Absent, value.Null:
		return
	case value.List:
		for _, d := range docs.Elems() {
			p.merge(d)
		}
		if docs.Partial() {
			p.uncertain, p.refs = true, value.MergeRefs(p.refs, docs.Refs())
		}
	default:
		p.merge(docs)
	}
}

func (p *policy) merge(text value.Value) {
	doc, err := convert.ParseJSON(text)
	if err != nil {
		return // an empty string means no document; anything else the provider rejects
	}
	if doc.Kind() != value.Map {
		p.uncertain, p.refs = true, value.MergeRefs(p.refs, text.Refs())
		return
	}
	if id := doc.Get("Id"); id.IsSet() {
		p.id = id
	}
	list := doc.Get("Statement")
	switch list.Kind() {
	case value.Map:
		p.add(list)
	case value.List:
		for _, s := range list.Elems() {
			if s.Kind() == value.Map {
				p.add(s)
			}
		}
	}
	if list.Kind() == value.Unknown || list.Partial() {
		p.uncertain, p.refs = true, value.MergeRefs(p.refs, list.Refs())
	}
}

func (p *policy) add(s value.Value) {
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

func (p *policy) value(at value.Locator) value.Value {
	b := value.NewMap(3)
	b.Set("Version", p.version)
	if p.id.IsSet() {
		b.Set("Id", p.id)
	}
	l := value.ListValue(p.statements).WithSource(at)
	if p.uncertain {
		l = l.WithPartial(p.refs...)
	}
	b.Set("Statement", l)
	return b.Value().WithSource(at)
}

// statement turns a statement block into the JSON that the provider writes. Lists stay lists even of one element.
func statement(b *lang.Body) value.Value {
	out := value.NewMap(8)
	copyTo := func(name, key string) {
		if v := b.Attr(name); v.IsSet() && (v.Kind() != value.List || v.Len() > 0 || v.Partial()) {
			out.Set(key, unescape(v))
		}
	}
	copyTo("sid", "Sid")
	out.Set("Effect", value.StringValue("Allow").WithSource(b.Place()))
	copyTo("effect", "Effect")
	copyTo("actions", "Action")
	copyTo("not_actions", "NotAction")
	copyTo("resources", "Resource")
	copyTo("not_resources", "NotResource")
	if p, ok := principals(b.Blocks("principals")); ok {
		out.Set("Principal", p)
	}
	if p, ok := principals(b.Blocks("not_principals")); ok {
		out.Set("NotPrincipal", p)
	}
	if c := b.Blocks("condition"); len(c) > 0 {
		out.Set("Condition", conditions(c))
	}
	return out.Value().WithSource(b.Place())
}

func principals(blocks []*lang.Body) (value.Value, bool) {
	if len(blocks) == 0 {
		return value.Value{}, false
	}
	out := value.NewMap(len(blocks))
	for _, b := range blocks {
		ids := unescape(b.Attr("identifiers"))
		typ, ok := b.Attr("type").Str()
		switch {
		case b.Maybe() && b.Syntax() == nil, !ok:
			out.Unknown(b.Attr("type").Refs())
			continue
		case typ == "*":
			return value.StringValue("*").WithSource(b.Place()), true
		}
		if old, ok := out.Get(typ); ok && old.Kind() == value.List && ids.Kind() == value.List {
			joined := value.ListValue(append(append([]value.Value(nil), old.Elems()...), ids.Elems()...)).WithSource(old.Source())
			if old.Partial() || ids.Partial() {
				joined = joined.WithPartial(value.MergeRefs(old.Refs(), ids.Refs())...)
			}
			ids = joined
		}
		out.Set(typ, ids)
	}
	return out.Value().WithSource(blocks[0].Place()), true
}

func conditions(blocks []*lang.Body) value.Value {
	out := value.NewMap(len(blocks))
	for _, b := range blocks {
		test, ok1 := b.Attr("test").Str()
		variable, ok2 := b.Attr("variable").Str()
		if !ok1 || !ok2 {
			out.Unknown(value.MergeRefs(b.Attr("test").Refs(), b.Attr("variable").Refs()))
			continue
		}
		inner := value.NewMap(1)
		if old, ok := out.Get(test); ok {
			old.Each(inner.Set)
			if old.Partial() {
				inner.Unknown(nil)
			}
		}
		inner.Set(variable, unescape(b.Attr("values")))
		if b.Maybe() {
			inner.Unknown(nil)
		}
		out.Set(test, inner.Value().WithSource(b.Place()))
	}
	return out.Value().WithSource(blocks[0].Place())
}

// unescape turns &{aws:username} into ${aws:username}, as the provider does because HCL keeps ${ for itself.
func unescape(v value.Value) value.Value {
	switch v.Kind() {
	case value.Unknown:
		if c := v.Choice(); c != nil {
			return v.Choosing(c.Cond, unescape(c.Yes), unescape(c.No))
		}
	case value.List:
		return v.Mapped(func(_ string, e value.Value) value.Value { return unescape(e) })
	case value.String:
		if _, encoded := v.Encoded(); encoded {
			return v
		}
		if s, holes := v.Literal(); strings.Contains(s, "&{") {
			return value.TextValue(strings.ReplaceAll(s, "&{", "${"), holes).Marked(v.Sensitive()).WithSource(v.Source())
		}
	}
	return v
}
