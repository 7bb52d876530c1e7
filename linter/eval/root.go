package eval

import (
	"context"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Loader finds the modules and files that an evaluation needs; all paths are the ones shown in findings.
type Loader interface {
	// Module parses a directory; the result is shared and must not be modified.
	Module(dir string) (*module.Module, error)
	// Installed returns the directory that terraform init put a registry module in, ok false when it did not.
	Installed(root string, callPath []string) (dir string, ok bool)
	// ReadFile reads a file below the root that confines the run; the path is relative to the working directory or absolute.
	ReadFile(path string) ([]byte, error)
	// Glob lists the files below dir that match the pattern as Terraform's fileset does.
	Glob(dir, pattern string) ([]string, error)
	// Abs returns the absolute form of a path.
	Abs(path string) string
}

// Options are the settings of one evaluation.
type Options struct {
	// Variables set from outside: tfvars files and flags, already merged. They win over defaults.
	Variables map[string]Value
	// Workspace is terraform.workspace; empty means "default".
	Workspace string
	// Steps bounds the work of one root module; zero means a default that no real configuration reaches.
	Steps int
}

// Problem is something that stopped part of an evaluation: a cycle, a missing module, a bound that was hit.
type Problem struct {
	Message string
	Range   hcl.Range
}

// Root is one root module with everything it calls. It is not safe for concurrent use.
type Root struct {
	// Dir is the directory shown in findings.
	Dir string
	// Module is the root module's only instance.
	Module *Module

	ctx       context.Context
	loader    Loader
	opts      Options
	instances []*Module
	resources []*Resource
	expanded  bool
	problems  []Problem
	reported  map[string]bool
	steps     int
	depth     int
	failures  int
	modules   int
	stopped   bool
	holes     holes
	templates map[string]hclsyntax.Expression
	inFile    int // nesting of templatefile
	shared    map[any]any
}

// Module is one instance of a module: the root, or one call with its count or for_each key.
type Module struct {
	// Source is the parsed directory.
	Source *module.Module
	// Path is the instance's address: "" for the root, `module.net["a"].module.x`.
	Path string
	// Parent and Call are nil for the root.
	Parent *Module
	Call   *module.Call

	root      *Root
	scope     *scope
	key       Value
	maybe     bool
	memos     map[string]*memo // "var.x", "local.x", "output.x"
	sets      map[string]*instanceSet
	calls     map[string]*callSet
	providers map[string]*Provider // own configurations and passed ones, by local reference
	duplicate bool
	signature string
	planned   []*Resource
}

// Resource is one instance of a resource, data, ephemeral or action block.
type Resource struct {
	Body
	Mode       module.Mode
	Type, Name string
	// Key is the count or for_each key: Absent without them, unknown when the block stands for unknown instances.
	Key Value
	// Module is the instance that declares it.
	Module *Module
	// Decl is the declaration; nil in a plan without sources.
	Decl *module.Resource

	address  string
	provider *Provider
}

// Provider is a provider configuration as a module instance sees it.
type Provider struct {
	Body
	// Name is the provider's type ("aws"), Alias the name it has in the module that configures it.
	Name, Alias string
	// Declared is false when no block configures it: then it has no arguments.
	Declared bool
	// Opaque is set when a configuration was passed that cannot be followed; nothing is known of it.
	Opaque bool
}

// Address is the full address of the instance: `module.net["a"].aws_subnet.x[0]`.
func (r *Resource) Address() string {
	if r.address == "" {
		var b strings.Builder
		if r.Module != nil && r.Module.Path != "" {
			b.WriteString(r.Module.Path)
			b.WriteByte('.')
		}
		b.WriteString(r.LocalAddress())
		b.WriteString(keySuffix(r.Key))
		r.address = b.String()
	}
	return r.address
}

// LocalAddress is the address within the module without keys: "aws_subnet.x", "data.aws_ami.y".
func (r *Resource) LocalAddress() string {
	if r.Decl != nil {
		return r.Decl.Address()
	}
	return (&module.Resource{Mode: r.Mode, Type: r.Type, Name: r.Name}).Address()
}

// Provider is the configuration that the resource uses, never nil.
func (r *Resource) Provider() *Provider {
	if r.provider == nil {
		r.provider = r.Module.providerFor(r)
	}
	return r.provider
}

// DependsOn lists the addresses within the module that depends_on names.
func (r *Resource) DependsOn() []string {
	e, ok := r.Expr("depends_on").(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil
	}
	var out []string
	for _, x := range e.Exprs {
		if t, ok := x.(*hclsyntax.ScopeTraversalExpr); ok {
			addr, _ := splitTraversal(t.Traversal)
			out = append(out, addr)
		}
	}
	return out
}

// Target finds the instances of the resource that a reference names; none when it names something else.
func (m *Module) Target(ref Ref) []*Resource {
	at := m.root.moduleAt(ref.Module)
	if at == nil {
		return nil
	}
	if set := at.instances(ref.Address); set != nil {
		return set.all
	}
	return nil
}

// Root is the root module that the instance belongs to.
func (m *Module) Root() *Root { return m.root }

// Callers lists the module blocks that lead to this instance, innermost first; empty for the root.
func (m *Module) Callers() []hcl.Range {
	var out []hcl.Range
	for ; m != nil && m.Call != nil; m = m.Parent {
		out = append(out, module.HeaderRange(m.Call.Block))
	}
	return out
}

// Maybe reports that the instance stands for an unknown number of calls.
func (m *Module) Maybe() bool { return m.maybe }

// Resources lists the module instance's own resource instances of every mode, in source order.
func (m *Module) Resources() []*Resource {
	if m.planned != nil {
		return m.planned
	}
	var out []*Resource
	for _, d := range m.Source.Resources {
		if set := m.instances(d.Address()); set != nil {
			out = append(out, set.all...)
		}
	}
	return out
}

// Resources lists the instances in the root module and in what it calls: a module before its calls, in source order. Below a
// module instance that repeats an earlier one nothing is listed again.
func (r *Root) Resources() []*Resource {
	r.expand()
	return r.resources
}

// Memo returns what f made when it was first called with this key, so that rules which look at the same thing share the work.
func (r *Root) Memo(key any, f func() any) any {
	if v, ok := r.shared[key]; ok {
		return v
	}
	if r.shared == nil {
		r.shared = map[any]any{}
	}
	v := f()
	r.shared[key] = v
	return v
}

// OfType lists the managed instances of the given types.
func (r *Root) OfType(types ...string) []*Resource {
	var out []*Resource
	for _, res := range r.Resources() {
		if res.Mode != module.Managed {
			continue
		}
		for _, t := range types {
			if res.Type == t {
				out = append(out, res)
				break
			}
		}
	}
	return out
}

// Modules lists the module instances, the root first.
func (r *Root) Modules() []*Module {
	r.expand()
	return r.instances
}

// Problems lists what could not be evaluated, sorted by place.
func (r *Root) Problems() []Problem {
	sort.Slice(r.problems, func(i, j int) bool {
		a, b := r.problems[i], r.problems[j]
		if a.Range.Filename != b.Range.Filename {
			return a.Range.Filename < b.Range.Filename
		}
		if a.Range.Start.Byte != b.Range.Start.Byte {
			return a.Range.Start.Byte < b.Range.Start.Byte
		}
		return a.Message < b.Message
	})
	return r.problems
}

func (r *Root) problem(at hcl.Range, msg string) {
	k := at.String() + msg
	if r.reported[k] {
		return
	}
	if r.reported == nil {
		r.reported = map[string]bool{}
	}
	r.reported[k] = true
	r.problems = append(r.problems, Problem{Message: msg, Range: at})
}
