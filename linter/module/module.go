// Package module reads a directory of Terraform files into one Module: variables, locals, resources, calls and settings,
// still as expressions. Input: a confined file system. Output: Module, and the problems found as hcl.Diagnostics.
// It evaluates nothing; JSON files are turned into the same syntax tree as native ones.
package module

import (
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// File is one parsed source file.
type File struct {
	// Path is the path shown in findings: relative to the working directory, with slashes.
	Path string
	// Bytes is the content as read, without a byte order mark.
	Bytes []byte
	// Body is the content; for JSON a native tree with the positions of the JSON text.
	Body *hclsyntax.Body
	// JSON is set for .tf.json and .tofu.json; Override for override files.
	JSON, Override bool

	mu    sync.Mutex
	memos map[any]any
}

// Memo returns what f made when it was first called with this key, so that a file of a module that many root modules call is
// looked through once. It must depend on the file alone.
func (f *File) Memo(key any, make func(*File) any) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.memos[key]
	if !ok {
		if f.memos == nil {
			f.memos = map[any]any{}
		}
		v = make(f)
		f.memos[key] = v
	}
	return v
}

// Mode tells the kinds of resource blocks apart.
type Mode uint8

// The block types that declare objects of a provider. Action blocks are Terraform 1.14's actions.
const (
	Managed Mode = iota
	Data
	Ephemeral
	Action
)

// Variable is an input variable's block.
type Variable struct {
	Name  string
	Block *hclsyntax.Block
}

// Output is an output's block.
type Output struct {
	Name  string
	Block *hclsyntax.Block
}

// Resource is a resource, data, ephemeral or action block after overrides.
type Resource struct {
	Mode       Mode
	Type, Name string
	Block      *hclsyntax.Block

	address string
}

// Address is the address within the module, without instance keys.
func (r *Resource) Address() string {
	if r.address != "" {
		return r.address
	}
	switch r.Mode {
	case Data:
		return "data." + r.Type + "." + r.Name
	case Ephemeral:
		return "ephemeral." + r.Type + "." + r.Name
	case Action:
		return "action." + r.Type + "." + r.Name
	}
	return r.Type + "." + r.Name
}

// Call is a module block.
type Call struct {
	Name  string
	Block *hclsyntax.Block
	// Source is the literal source, empty when it is not a literal; Version likewise.
	Source, Version string
}

// Local reports whether the source is a directory beside the module.
func (c *Call) Local() bool {
	return strings.HasPrefix(c.Source, "./") || strings.HasPrefix(c.Source, "../")
}

// Provider is a provider configuration block.
type Provider struct {
	Name, Alias string // Alias is empty for the default configuration
	Block       *hclsyntax.Block
}

// Key is the provider's local reference: "aws" or "aws.eu".
func (p *Provider) Key() string {
	if p.Alias == "" {
		return p.Name
	}
	return p.Name + "." + p.Alias
}

// RequiredProvider is one entry of required_providers.
type RequiredProvider struct {
	Name            string
	Source, Version string // empty when not given as literals
	Attr            *hclsyntax.Attribute
}

// Module is one directory.
type Module struct {
	// Dir is the directory shown in findings, relative to the working directory, with slashes; "." for itself.
	Dir string
	// Files in the order Terraform merges them: by name, overrides last.
	Files     []*File
	Variables map[string]*Variable
	Locals    map[string]*hclsyntax.Attribute
	Outputs   map[string]*Output
	// Resources of every mode, in source order.
	Resources []*Resource
	// Calls and Providers in source order.
	Calls     []*Call
	Providers []*Provider
	// Terraform holds the terraform blocks, overrides applied.
	Terraform         []*hclsyntax.Block
	RequiredVersion   *hclsyntax.Attribute
	RequiredProviders map[string]*RequiredProvider
	// Backend is the backend or cloud block, nil when there is none.
	Backend *hclsyntax.Block
	// Other holds moved, import, check, removed and blocks of types this version does not know, in source order.
	Other []*hclsyntax.Block
	// Diags are syntax errors and duplicate declarations; what could be read is in the fields above.
	Diags hcl.Diagnostics

	byAddress map[string]*Resource

	cyclesOnce sync.Once
	cycles     []string
}

// Resource finds a resource by its address within the module.
func (m *Module) Resource(address string) *Resource { return m.byAddress[address] }

// Call finds a module call by name, or nil.
func (m *Module) Call(name string) *Call {
	for _, c := range m.Calls {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// File finds a file by the path shown in ranges, or nil.
func (m *Module) File(path string) *File {
	for _, f := range m.Files {
		if f.Path == path {
			return f
		}
	}
	return nil
}

// HeaderRange is the range of a block's type and labels, where findings about the whole block are shown.
func HeaderRange(b *hclsyntax.Block) hcl.Range {
	r := b.TypeRange
	if n := len(b.LabelRanges); n > 0 {
		r.End = b.LabelRanges[n-1].End
	}
	return r
}

// Literal returns the string that an expression spells out, without evaluation.
func Literal(e hclsyntax.Expression) (string, bool) {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		if len(e.Parts) == 0 {
			return "", true
		}
		if len(e.Parts) == 1 {
			return Literal(e.Parts[0])
		}
	case *hclsyntax.LiteralValueExpr:
		if e.Val.Type().FriendlyName() == "string" && !e.Val.IsNull() {
			return e.Val.AsString(), true
		}
	}
	return "", false
}

// HasReferences reports whether an expression refers to anything by name. It is len(e.Variables()) > 0 without the list, for
// the expressions that configurations consist of.
func HasReferences(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return false
	case *hclsyntax.ScopeTraversalExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return slices.ContainsFunc(e.Parts, HasReferences)
	case *hclsyntax.TemplateWrapExpr:
		return HasReferences(e.Wrapped)
	case *hclsyntax.TupleConsExpr:
		return slices.ContainsFunc(e.Exprs, HasReferences)
	case *hclsyntax.FunctionCallExpr:
		return slices.ContainsFunc(e.Args, HasReferences)
	case *hclsyntax.ObjectConsExpr:
		for _, it := range e.Items {
			if k, ok := it.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); !ok || k.ForceNonLiteral || hcl.ExprAsKeyword(k.Wrapped) == "" {
				if len(it.KeyExpr.Variables()) > 0 {
					return true
				}
			}
			if HasReferences(it.ValueExpr) {
				return true
			}
		}
		return false
	}
	return len(e.Variables()) > 0
}

func attrLiteral(b *hclsyntax.Body, name string) string {
	if a := b.Attributes[name]; a != nil {
		s, _ := Literal(a.Expr)
		return s
	}
	return ""
}

// SortedAttributes returns a body's attributes in source order, since Go's maps have none.
func SortedAttributes(b *hclsyntax.Body) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(b.Attributes))
	for _, a := range b.Attributes {
		out = append(out, a)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i].SrcRange, out[j].SrcRange
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		if a.Start.Byte != b.Start.Byte {
			return a.Start.Byte < b.Start.Byte
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// Place is where findings about the whole module stand: its terraform block, else the start of its first file.
func (m *Module) Place() hcl.Range {
	if len(m.Terraform) > 0 {
		return HeaderRange(m.Terraform[0])
	}
	name := m.Dir
	for _, f := range m.Files {
		if name == m.Dir || f.Path == m.Dir+"/main.tf" {
			name = f.Path
		}
	}
	return hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
}
