package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/awsschema"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// AWSSchema compares resources with the schema of hashicorp/aws.
var AWSSchema = &linter.Rule{
	Name:     "aws_schema",
	Title:    "AWS resources must fit the provider's schema",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerResource,
	Types:    []string{"aws_*", "data.aws_*"},
	Text: `terraform validate finds these too, but needs the provider, which a pull request from a fork or a laptop on a train does not have:

- resource types and data sources that do not exist,
- arguments and blocks that the type does not take, with the nearest name; blocks written as arguments and the reverse,
- arguments that the provider computes,
- required arguments and blocks that are missing,
- literal values of the wrong type. Values that depend on anything else are left to Terraform.

The facts are those of one version of hashicorp/aws; a type or argument newer than that needs an ignore, or the rule switched off.`,
	Run: runAWSSchema,
}

func runAWSSchema(p *linter.Pass) {
	r := p.Resource
	if r.Decl == nil {
		return // a plan has passed the real schema
	}
	find, exists, names, what := awsschema.Resource, awsschema.HasResource, awsschema.ResourceNames, "resource type"
	switch r.Mode {
	case module.Managed:
	case module.Data:
		find, exists, names, what = awsschema.DataSource, awsschema.HasDataSource, awsschema.DataSourceNames, "data source"
	default:
		return
	}
	if !exists(r.Type) {
		p.Report(r, "%s is of the %s %q, which hashicorp/aws %s does not have%s", r.Address(), what, r.Type, awsschema.Version(), didYouMean(r.Type, names()))
		return
	}
	if t, ok := find(r.Type); ok {
		s := schemaCheck{p: p, json: strings.HasSuffix(r.Range().Filename, ".json")}
		s.body(&r.Body, &t.Block, nil)
	}
}

// metaArguments belong to Terraform, at the top of every resource and data block.
var metaArguments = []string{"count", "depends_on", "for_each", "provider", "lifecycle", "connection", "provisioner"}

type schemaCheck struct {
	p    *linter.Pass
	json bool // JSON writes blocks as arguments
}

// body checks one block; path are the blocks that lead to it.
func (s *schemaCheck) body(b *lang.Body, schema *awsschema.Block, path []string) {
	if len(path) > 20 || b.Syntax() == nil {
		return // objects assigned to an argument are checked by type only
	}
	attrs, blocks := b.AttrNames(), b.BlockNames()
	for _, name := range attrs {
		if len(path) == 0 && slices.Contains(metaArguments, name) {
			continue
		}
		a, isAttr := schema.Attribute(name)
		_, isBlock := schema.NestedBlock(name)
		switch {
		case isBlock && s.json:
		case isBlock:
			s.report(b.AttrRange(name), "writes %s as an argument; write it as the block %s { ... }", s.name(path, name), name)
		case !isAttr:
			s.report(b.AttrRange(name), "has an argument %s, which %s does not take%s", s.name(path, name), s.owner(path), didYouMean(name, settable(schema)))
		case !a.Optional && !a.Required:
			s.report(b.AttrRange(name), "sets %s, which the provider computes; remove it", s.name(path, name))
		default:
			s.value(b, a, path)
		}
	}
	for _, name := range blocks {
		if len(path) == 0 && slices.Contains(metaArguments, name) {
			continue
		}
		bodies := b.Blocks(name)
		var at value.Locator = b
		if len(bodies) > 0 {
			at = bodies[0]
		}
		inner, ok := (*awsschema.Block)(nil), false
		if n, found := schema.NestedBlock(name); found {
			inner, ok = n.Block, true
		} else if a, found := schema.Attribute(name); found && a.Object != nil {
			inner, ok = a.Object, true
		} else if found {
			s.report(at, "writes %s as a block; write it as the argument %s = { ... }", s.name(path, name), name)
			continue
		}
		if !ok {
			s.report(at, "has a block %s, which %s does not take%s", s.name(path, name), s.owner(path), didYouMean(name, settable(schema)))
			continue
		}
		for _, body := range bodies {
			s.body(body, inner, append(path[:len(path):len(path)], name))
		}
	}
	for _, a := range schema.Attributes {
		if a.Required && !slices.Contains(attrs, a.Name) && !slices.Contains(blocks, a.Name) {
			s.report(b, "lacks the required argument %s", s.name(path, a.Name))
		}
	}
	for _, n := range schema.Blocks {
		if n.Required && !slices.Contains(blocks, n.Name) && !slices.Contains(attrs, n.Name) {
			s.report(b, "lacks the required block %s", s.name(path, n.Name))
		}
	}
}

// value checks the type of an argument that is written without references.
func (s *schemaCheck) value(b *lang.Body, a *awsschema.Attribute, path []string) {
	e := b.Expr(a.Name)
	if e == nil || module.HasReferences(e) {
		return
	}
	v := b.Attr(a.Name)
	if got, want := misfit(v, a.Kind); got != "" {
		s.report(b.AttrRange(a.Name), "sets %s to %s; it takes %s", s.name(path, a.Name), got, want)
	}
}

// misfit compares a value with a kind of awsschema; it returns "" when Terraform can convert it, else what it is and what
// is expected. The value itself is not shown, it may be a secret.
func misfit(v value.Value, kind string) (got, want string) {
	outer, inner, collection := strings.Cut(strings.TrimSuffix(kind, ")"), "(")
	fits := true
	switch k := v.Kind(); {
	case k == value.Absent, k == value.Unknown, k == value.Null, kind == "any", kind == "object", inner == "object":
	case !collection && (k == value.List || k == value.Map):
		fits = false
	case kind == "number":
		_, ok := v.Float()
		fits = ok || !v.IsKnown()
	case kind == "bool":
		_, ok := v.Bool()
		fits = ok || !v.IsKnown()
	case !collection:
	case outer == "map" && k != value.Map, outer != "map" && k != value.List:
		fits = false
	default:
		v.Each(func(_ string, e value.Value) {
			if got == "" {
				if g, w := misfit(e, inner); g != "" {
					got, want = fmt.Sprintf("a %s with %s", k, g), fmt.Sprintf("%s of %s", article(outer), strings.TrimPrefix(strings.TrimPrefix(w, "a "), "an "))
				}
			}
		})
	}
	if !fits {
		return "a " + v.Kind().String(), article(kind)
	}
	return got, want
}

func article(kind string) string {
	kind, inner, found := strings.Cut(strings.TrimSuffix(kind, ")"), "(")
	if found {
		return "a " + kind + " of " + inner
	}
	return "a " + kind
}

func (s *schemaCheck) report(at value.Locator, format string, args ...any) {
	s.p.Report(at, "%s %s", s.p.Resource.Address(), fmt.Sprintf(format, args...))
}

func (s *schemaCheck) name(path []string, name string) string {
	return strings.Join(append(path[:len(path):len(path)], name), ".")
}

func (s *schemaCheck) owner(path []string) string {
	if len(path) == 0 {
		return s.p.Resource.Type
	}
	return "the block " + path[len(path)-1]
}

// settable lists what can be written in a block.
func settable(b *awsschema.Block) []string {
	var names []string
	for _, a := range b.Attributes {
		if a.Optional || a.Required {
			names = append(names, a.Name)
		}
	}
	for _, n := range b.Blocks {
		names = append(names, n.Name)
	}
	return names
}

// didYouMean ends a message with the nearest of the names, when one is near.
func didYouMean(name string, names []string) string {
	best, limit := "", max(1, len(name)/3)
	for _, n := range names {
		if d := len(n) - len(name); d > limit || -d > limit {
			continue
		}
		if d := levenshtein.Distance(name, n, nil); d <= limit && (best == "" || d < limit) {
			best, limit = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
