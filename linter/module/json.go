package module

import (
	"bytes"
	"fmt"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// parseJSON reads JSON syntax into the tree of native syntax, so that nothing after it needs to tell them apart.
// Arguments that could be nested blocks stay expressions: Body.Blocks of package eval reads either.
func parseJSON(name string, text []byte) (*hclsyntax.Body, hcl.Diagnostics) {
	out := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}}
	c := &jsonConverter{src: text, dynamic: bytes.Contains(text, []byte(`"dynamic"`))}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) { // a list of objects is the same as one
		list, diags := json.ParseExpression(text, name)
		if diags.HasErrors() {
			return nil, diags
		}
		objects, diags := hcl.ExprList(list)
		for _, object := range objects {
			pairs, more := hcl.ExprMap(object)
			diags = append(diags, more...)
			for _, p := range pairs {
				key, r := keyText(p.Key)
				c.top(out, key, r, p.Value)
			}
		}
		return out, append(diags, c.diags...)
	}
	file, diags := json.Parse(text, name)
	if file == nil || file.Body == nil {
		return nil, diags
	}
	attrs, more := file.Body.JustAttributes()
	if !diags.HasErrors() { // else they repeat what the parser said
		diags = append(diags, more...)
	}
	for _, a := range ordered(attrs) {
		c.top(out, a.Name, a.NameRange, a.Expr)
	}
	return out, append(diags, c.diags...)
}

// top adds the blocks of a key of the whole document; one that the language does not know takes no labels.
func (c *jsonConverter) top(to *hclsyntax.Body, key string, at hcl.Range, e hcl.Expression) {
	if key != "//" {
		c.blocks(to, key, at, e, topLevel[key], nil, nil)
	}
}

// topLevel gives the number of labels of each block type.
var topLevel = map[string]int{
	"terraform": 0, "locals": 0, "moved": 0, "import": 0, "removed": 0, "variable": 1, "output": 1, "module": 1, "provider": 1,
	"check": 1, "resource": 2, "data": 2, "ephemeral": 2, "action": 2,
}

// nested gives the blocks within blocks that the language itself defines, with their labels.
var nested = map[string]map[string]int{
	"terraform": {"required_providers": 0, "backend": 1, "cloud": 0, "provider_meta": 1},
	"cloud":     {"workspaces": 0},
	"variable":  {"validation": 0},
	"output":    {"precondition": 0},
	"resource":  {"lifecycle": 0, "provisioner": 1, "connection": 0, "dynamic": 1},
	"data":      {"lifecycle": 0, "dynamic": 1},
	"ephemeral": {"lifecycle": 0, "dynamic": 1},
	"provider":  {"dynamic": 1},
	"lifecycle": {"precondition": 0, "postcondition": 0, "action_trigger": 0},
	"dynamic":   {"content": 0},
	"content":   {"dynamic": 1},
	"check":     {"assert": 0, "data": 2},
	"action":    {"config": 0},
}

type jsonConverter struct {
	src     []byte
	dynamic bool // the text speaks of dynamic blocks
	diags   hcl.Diagnostics
}

func ordered(attrs hcl.Attributes) []*hcl.Attribute {
	out := make([]*hcl.Attribute, 0, len(attrs))
	for _, a := range attrs {
		out = append(out, a)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].NameRange.Start.Byte < out[j].NameRange.Start.Byte })
	return out
}

// blocks adds the blocks of one type: labels nest as objects, and any level may be a list of alternatives.
func (c *jsonConverter) blocks(to *hclsyntax.Body, typ string, typRange hcl.Range, e hcl.Expression, depth int, labels []string, ranges []hcl.Range) {
	if items, diags := hcl.ExprList(e); !diags.HasErrors() {
		for _, it := range items {
			c.blocks(to, typ, typRange, it, depth, labels, ranges)
		}
		return
	}
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() {
		if v, d := e.Value(nil); !d.HasErrors() && v.IsNull() {
			return
		}
		r := e.Range()
		c.diags = append(c.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf("%s must be an object", typ), Subject: &r})
		return
	}
	if depth > 0 {
		for _, p := range pairs {
			name, r := keyText(p.Key)
			if name == "//" {
				continue
			}
			c.blocks(to, typ, typRange, p.Value, depth-1, append(labels[:len(labels):len(labels)], name), append(ranges[:len(ranges):len(ranges)], r))
		}
		return
	}
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: e.Range(), EndRange: e.Range()}
	header := typRange
	if n := len(ranges); n > 0 {
		header = ranges[n-1] // the labels may stand far from the type, which several blocks share
	}
	blk := &hclsyntax.Block{Type: typ, Labels: labels, LabelRanges: nil, Body: body, TypeRange: header, OpenBraceRange: e.StartRange(), CloseBraceRange: e.Range()}
	for _, p := range pairs {
		name, r := keyText(p.Key)
		if name == "//" {
			continue
		}
		if n, ok := nested[typ][name]; ok {
			c.blocks(body, name, r, p.Value, n, nil, nil)
			continue
		}
		if c.dynamic && name == "dynamic" && isDynamic(p.Value) {
			c.blocks(body, name, r, p.Value, 1, nil, nil)
			continue
		}
		if c.dynamic && c.holdsDynamic(p.Value) {
			c.blocks(body, name, r, p.Value, 0, nil, nil)
			continue
		}
		expr := c.expr(p.Value)
		if keywordArgument(typ, name) {
			expr = asReference(expr)
		}
		body.Attributes[name] = &hclsyntax.Attribute{Name: name, Expr: expr, SrcRange: hcl.RangeBetween(r, p.Value.Range()), NameRange: r}
	}
	to.Blocks = append(to.Blocks, blk)
}

// holdsDynamic reports an object, or a list of some, with dynamic blocks in it: it is a block itself, whatever the schema would say.
func (c *jsonConverter) holdsDynamic(e hcl.Expression) bool {
	if r := e.Range(); !bytes.Contains(c.src[r.Start.Byte:r.End.Byte], []byte(`"dynamic"`)) {
		return false
	}
	if items, diags := hcl.ExprList(e); !diags.HasErrors() {
		return slices.ContainsFunc(items, c.holdsDynamic)
	}
	pairs, diags := hcl.ExprMap(e)
	return !diags.HasErrors() && slices.ContainsFunc(pairs, func(p hcl.KeyValuePair) bool {
		key, _ := keyText(p.Key)
		return key == "dynamic" && isDynamic(p.Value) || c.holdsDynamic(p.Value)
	})
}

// isDynamic tells dynamic blocks from an argument of that name: by their types they have something to repeat over and content.
func isDynamic(e hcl.Expression) bool {
	if items, diags := hcl.ExprList(e); !diags.HasErrors() {
		return len(items) > 0 && !slices.ContainsFunc(items, func(e hcl.Expression) bool { return !isDynamic(e) })
	}
	has := func(e hcl.Expression, want string) bool {
		pairs, diags := hcl.ExprMap(e)
		return !diags.HasErrors() && slices.ContainsFunc(pairs, func(p hcl.KeyValuePair) bool { key, _ := keyText(p.Key); return key == want })
	}
	types, diags := hcl.ExprMap(e)
	return !diags.HasErrors() && len(types) > 0 && !slices.ContainsFunc(types, func(p hcl.KeyValuePair) bool {
		one := p.Value
		if items, diags := hcl.ExprList(one); !diags.HasErrors() && len(items) > 0 {
			one = items[0]
		}
		return !has(one, "for_each") || !has(one, "content")
	})
}

func keyText(e hcl.Expression) (string, hcl.Range) {
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.IsNull() || v.Type() != cty.String {
		return "", e.Range()
	}
	return v.AsString(), e.Range()
}

// keywordArgument names the arguments whose JSON string is itself an expression.
func keywordArgument(typ, name string) bool {
	switch typ {
	case "variable":
		return name == "type"
	case "resource", "data", "ephemeral", "action":
		return name == "provider" || name == "depends_on"
	case "module":
		return name == "providers" || name == "depends_on"
	case "moved", "removed", "import":
		return name == "from" || name == "to"
	case "dynamic":
		return name == "iterator"
	}
	return false
}

func asReference(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		for i := range e.Exprs {
			e.Exprs[i] = asReference(e.Exprs[i])
		}
	case *hclsyntax.ObjectConsExpr:
		for i := range e.Items {
			e.Items[i].ValueExpr = asReference(e.Items[i].ValueExpr)
		}
	default:
		if s, ok := Literal(e); ok && !TooDeep([]byte(s), Native) {
			if x, diags := hclsyntax.ParseExpression([]byte(s), e.Range().Filename, e.Range().Start); !diags.HasErrors() {
				return x
			}
		}
	}
	return e
}

// expr converts a JSON value: strings are templates, as in Terraform.
func (c *jsonConverter) expr(e hcl.Expression) hclsyntax.Expression {
	if items, diags := hcl.ExprList(e); !diags.HasErrors() {
		out := &hclsyntax.TupleConsExpr{SrcRange: e.Range(), OpenRange: e.StartRange()}
		for _, it := range items {
			out.Exprs = append(out.Exprs, c.expr(it))
		}
		return out
	}
	if pairs, diags := hcl.ExprMap(e); !diags.HasErrors() {
		out := &hclsyntax.ObjectConsExpr{SrcRange: e.Range(), OpenRange: e.StartRange()}
		for _, p := range pairs {
			out.Items = append(out.Items, hclsyntax.ObjectConsItem{
				KeyExpr:   &hclsyntax.ObjectConsKeyExpr{Wrapped: c.expr(p.Key), ForceNonLiteral: true},
				ValueExpr: c.expr(p.Value)})
		}
		return out
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		c.diags = append(c.diags, diags...)
		return &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, SrcRange: e.Range()}
	}
	if v.IsNull() || v.Type() != cty.String {
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: e.Range()}
	}
	start := e.Range().Start
	start.Column++
	start.Byte++
	text := []byte(v.AsString())
	if TooDeep(text, Template) || TooLong(text, Template) {
		r := e.Range()
		c.diags = append(c.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "the template nests too deeply or has too many lines", Subject: &r})
		return &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, SrcRange: e.Range()}
	}
	x, diags := hclsyntax.ParseTemplate(text, e.Range().Filename, start)
	if u := newUnescaped(start, c.src[start.Byte:e.Range().End.Byte-1], text); u != nil {
		u.place(x)
		for _, d := range diags {
			if d.Subject != nil {
				u.ranges(d.Subject)
			}
		}
	}
	if diags.HasErrors() {
		c.diags = append(c.diags, diags...)
		return &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, SrcRange: e.Range()}
	}
	return x
}

// jsonArguments reads a JSON object whose keys are arguments.
func jsonArguments(name string, text []byte) (*hclsyntax.Body, hcl.Diagnostics) {
	out := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}}
	if TooDeep(text, JSON) {
		return out, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: fmt.Sprintf("the file nests deeper than %d levels", maxNesting), Subject: &out.SrcRange}}
	}
	file, diags := json.Parse(text, name)
	if file == nil || file.Body == nil {
		return out, diags
	}
	attrs, more := file.Body.JustAttributes()
	c := &jsonConverter{src: text}
	for _, a := range ordered(attrs) {
		out.Attributes[a.Name] = &hclsyntax.Attribute{Name: a.Name, Expr: c.expr(a.Expr), SrcRange: a.Range, NameRange: a.NameRange}
	}
	return out, append(append(diags, more...), c.diags...)
}
