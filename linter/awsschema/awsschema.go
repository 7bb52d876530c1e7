// Package awsschema holds facts about the Terraform provider hashicorp/aws: which resource types and data sources exist,
// their attributes and blocks, which can be tagged and which attributes hold IAM policies. The facts are an embedded table;
// asking about one type decodes the block that holds it (about 0.1 ms), whether a type exists or can be tagged decodes nothing.
package awsschema

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/linter/internal/facttable"
)

//go:embed types.facts
var typesData string

var table = sync.OnceValues(func() (*facttable.Table, error) { return facttable.Open(typesData) })

// types caches what Resource and DataSource have parsed; its keys are the table's names.
var types sync.Map

// Type is a resource type or a data source.
type Type struct {
	Name string // aws_s3_bucket
	Block
}

// Block is a set of attributes and nested blocks, each sorted by name.
type Block struct {
	Attributes []Attribute
	Blocks     []NestedBlock
}

// Attribute is a single attribute. Kind is "string", "number", "bool" or "any", or such a kind in list(), set() or map(), or
// "object" in these when the attribute holds structures: Object then describes one of them.
type Attribute struct {
	Name     string
	Kind     string
	Required bool
	Optional bool
	Computed bool
	Policy   PolicyKind // what kind of IAM policy the attribute holds, NoPolicy for most
	Object   *Block
}

// NestedBlock is a block type within a block. Nesting is "list", "set" or "single".
type NestedBlock struct {
	Name     string
	Nesting  string
	Required bool // at least one
	Single   bool // at most one
	Block    *Block
}

// PolicyKind says what a policy in an attribute does, which decides the rules that apply to it.
type PolicyKind byte

// The kinds of policies.
const (
	NoPolicy              PolicyKind = 0
	IdentityPolicy        PolicyKind = 'i' // grants to the user, group or role that it is attached to
	TrustPolicy           PolicyKind = 't' // says who may assume a role
	ResourcePolicy        PolicyKind = 'r' // stands on one resource, which is what "*" in Resource means there
	AccountResourcePolicy PolicyKind = 'a' // stands on a whole service of the account
	LimitPolicy           PolicyKind = 'l' // grants nothing by itself: endpoint, session and organisation policies
)

// Source says where the facts come from, with version and licence.
func Source() string {
	t, err := table()
	if err != nil {
		return ""
	}
	return t.Source()
}

// Version is the version of hashicorp/aws that the facts describe.
func Version() string {
	_, version, _ := strings.Cut(Source(), "hashicorp/aws ")
	return version
}

// Resource returns the resource type with this name.
func Resource(name string) (*Type, bool) { return load("r:", name) }

// DataSource returns the data source with this name.
func DataSource(name string) (*Type, bool) { return load("d:", name) }

// HasResource reports whether the resource type exists.
func HasResource(name string) bool { _, ok := note("r:" + name); return ok }

// HasDataSource reports whether the data source exists.
func HasDataSource(name string) bool { _, ok := note("d:" + name); return ok }

// Taggable reports whether the resource type has a settable map `tags`.
func Taggable(resourceType string) bool { return noted(resourceType, "t") }

// DefaultTags reports whether the provider's default_tags reach resources of this type (those that have tags_all).
func DefaultTags(resourceType string) bool { return noted(resourceType, "d") }

// TagBlocks reports whether the resource type takes its tags as `tag` blocks, as aws_autoscaling_group does.
func TagBlocks(resourceType string) bool { return noted(resourceType, "g") }

// HasPolicy reports whether an attribute of the resource type holds an IAM policy.
func HasPolicy(resourceType string) bool { return noted(resourceType, "p") }

// ResourceNames returns the names of all resource types, sorted.
func ResourceNames() []string { return names("r:") }

// DataSourceNames returns the names of all data sources, sorted.
func DataSourceNames() []string { return names("d:") }

// Attribute returns the attribute with this name.
func (b *Block) Attribute(name string) (*Attribute, bool) {
	for i := range b.Attributes {
		if b.Attributes[i].Name == name {
			return &b.Attributes[i], true
		}
	}
	return nil, false
}

// NestedBlock returns the block type with this name.
func (b *Block) NestedBlock(name string) (*NestedBlock, bool) {
	for i := range b.Blocks {
		if b.Blocks[i].Name == name {
			return &b.Blocks[i], true
		}
	}
	return nil, false
}

// notes caches what note has found: a run asks about the same few types thousands of times.
var notes sync.Map

type noteResult struct {
	text string
	ok   bool
}

func note(name string) (string, bool) {
	if n, ok := notes.Load(name); ok {
		r := n.(noteResult)
		return r.text, r.ok
	}
	t, err := table()
	if err != nil {
		return "", false
	}
	text, ok := t.Note(name)
	notes.Store(strings.Clone(name), noteResult{text, ok})
	return text, ok
}

func noted(resourceType, mark string) bool {
	n, _ := note("r:" + resourceType)
	return strings.Contains(n, mark)
}

func names(prefix string) []string {
	t, err := table()
	if err != nil {
		return nil
	}
	list := t.Names(prefix)
	for i := range list {
		list[i] = list[i][len(prefix):]
	}
	return list
}

func load(prefix, name string) (*Type, bool) {
	if t, ok := types.Load(prefix + name); ok {
		return t.(*Type), true
	}
	facts, err := table()
	if err != nil {
		return nil, false
	}
	text, ok, err := facts.Text(prefix + name)
	if err != nil || !ok {
		return nil, false
	}
	t := &Type{Name: name}
	p := parser{rest: text}
	p.block(&t.Block)
	types.Store(prefix+name, t)
	return t, true
}

// parser reads the lines of one type:
//
//	name flag kind [policy kind]     an attribute
//	name flag {nesting               a nested structure, up to the line "}"
//
// The flags are r required, o optional, b optional and computed, c computed; kinds s n b A, prefixed by L S M for list, set,
// map; nestings l s m 1 (single), then 1 for at most one and a for attribute syntax.
type parser struct{ rest string }

func (p *parser) block(b *Block) {
	for p.rest != "" {
		var line string
		line, p.rest, _ = strings.Cut(p.rest, "\n")
		if line == "}" {
			return
		}
		name, line, _ := strings.Cut(line, " ")
		flag, kind, _ := strings.Cut(line, " ")
		nesting, nested := strings.CutPrefix(kind, "{")
		if !nested {
			kind, policy, _ := strings.Cut(kind, " ")
			a := attribute(name, flag, kindName(kind))
			if policy != "" {
				a.Policy = PolicyKind(policy[0])
			}
			b.Attributes = append(b.Attributes, a)
			continue
		}
		inner := &Block{}
		p.block(inner)
		if strings.HasSuffix(nesting, "a") {
			kinds := map[byte]string{'l': "list(object)", 's': "set(object)", 'm': "map(object)", '1': "object"}
			a := attribute(name, flag, kinds[nesting[0]])
			a.Object = inner
			b.Attributes = append(b.Attributes, a)
			continue
		}
		n := NestedBlock{Name: name, Required: flag == "r", Single: strings.HasSuffix(nesting, "1"), Block: inner}
		n.Nesting = map[byte]string{'l': "list", 's': "set", '1': "single"}[nesting[0]]
		b.Blocks = append(b.Blocks, n)
	}
}

func attribute(name, flag, kind string) Attribute {
	return Attribute{Name: name, Kind: kind, Required: flag == "r", Optional: flag == "o" || flag == "b", Computed: flag == "c" || flag == "b"}
}

func kindName(kind string) string {
	switch {
	case kind == "":
		return "any"
	case kind[0] == 's':
		return "string"
	case kind[0] == 'n':
		return "number"
	case kind[0] == 'b':
		return "bool"
	case kind[0] == 'L':
		return "list(" + kindName(kind[1:]) + ")"
	case kind[0] == 'S':
		return "set(" + kindName(kind[1:]) + ")"
	case kind[0] == 'M':
		return "map(" + kindName(kind[1:]) + ")"
	}
	return "any"
}
