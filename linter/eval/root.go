// Package eval turns parsed modules into resource instances whose attributes are evaluated when a rule asks for them.
// Input: module.Module values and variable settings. Output: Root, Module and Resource, whose arguments are value.Values. What cannot be
// known without a provider is an unknown part of a value, never an error and never a reason to lose its known siblings.
package eval

import (
	"context"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/budget"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/functions"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

const (
	// maxModules bounds the module instances of one root.
	maxModules = 50_000
	// maxCallDepth bounds nested calls; a module that calls itself is found earlier.
	maxCallDepth = 64

	// The work in steps of what configurations multiply: a resource instance is looked at by every rule, a module instance brings resources.
	stepsPerInstance = 16
	stepsPerModule   = 64
)

// Loader finds the modules and files that an evaluation needs; all paths are the ones shown in findings.
type Loader interface {
	functions.Files
	// Module parses a directory; the result is shared and must not be modified.
	Module(dir string) (*module.Module, error)
	// Installed returns the directory that terraform init put a registry module in, ok false when it did not.
	Installed(root string, callPath []string) (dir string, ok bool)
}

// Options are the settings of one evaluation.
type Options struct {
	// Variables set from outside: tfvars files and flags, already merged. They win over defaults.
	Variables map[string]value.Value
	// Workspace is terraform.workspace; empty means "default".
	Workspace string
	// Steps bounds the work of one root module; zero means a default that no real configuration reaches.
	Steps int
}

// Root is one root module with everything it calls. It is not safe for concurrent use.
type Root struct {
	// Dir is the directory shown in findings.
	Dir string
	// Module is the root module's only instance.
	Module *Module

	work      lang.Work
	loader    Loader
	opts      Options
	instances []*Module
	resources []*Resource
	expanded  bool
	modules   int
	shared    map[any]any
}

// New prepares the evaluation of a root module. Nothing is evaluated until asked for.
func New(ctx context.Context, src *module.Module, loader Loader, opts Options) *Root {
	r := newRoot(ctx, src.Dir, loader, opts)
	r.Module = r.newModule(src, "", nil, nil, nil)
	return r
}

func newRoot(ctx context.Context, dir string, loader Loader, opts Options) *Root {
	return &Root{Dir: dir, loader: loader, opts: opts,
		work: lang.Work{Caller: functions.Caller{Budget: budget.New(ctx, dir, opts.Steps), Files: loader, Dir: dir}}}
}

func (r *Root) newModule(src *module.Module, path string, parent *Module, call *module.Call, caller *lang.Scope) *Module {
	m := &Module{Source: src, Path: path, Parent: parent, Call: call, root: r, caller: caller, memos: map[string]*memo{},
		sets: map[string]*instanceSet{}, calls: map[string]*callSet{}}
	m.scope = lang.NewScope(&lang.Module{Work: &r.work, Names: m, Path: path})
	return m
}

// expand walks the whole tree of modules once.
func (r *Root) expand() {
	if r.expanded {
		return
	}
	r.expanded = true
	seen := map[string]bool{}
	var visit func(m *Module)
	visit = func(m *Module) {
		sig := m.signature()
		m.duplicate = seen[sig]
		seen[sig] = true
		r.instances = append(r.instances, m)
		r.resources = append(r.resources, m.Resources()...)
		if m.duplicate {
			return // what it calls repeats too: twelve calls nested four deep would be twenty thousand instances
		}
		for _, c := range m.Source.Calls {
			if set := m.callSet(c.Name); set != nil {
				for _, child := range set.all {
					if r.work.Stopped() {
						return
					}
					visit(child)
				}
			}
		}
	}
	visit(r.Module)
}

// moduleAt finds a module instance by its address.
func (r *Root) moduleAt(address string) *Module {
	m := r.Module
	if m.planned != nil {
		i := slices.IndexFunc(r.instances, func(c *Module) bool { return c.Path == address })
		if i < 0 {
			return nil
		}
		return r.instances[i]
	}
	for m.Path != address {
		rest := strings.TrimPrefix(address[len(m.Path):], ".")
		name, _, _ := strings.Cut(strings.TrimPrefix(rest, "module."), ".")
		name, _, _ = strings.Cut(name, "[")
		set := m.callSet(name)
		if set == nil {
			return nil
		}
		i := slices.IndexFunc(set.all, func(c *Module) bool { return c.Path == address || strings.HasPrefix(address, c.Path+".") })
		if i < 0 {
			return nil
		}
		m = set.all[i]
	}
	return m
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
func (r *Root) Problems() []budget.Problem {
	for _, m := range r.Modules() {
		if m.Source == nil || m.Duplicate() {
			continue
		}
		for _, name := range m.Source.CyclicLocals() { // which nothing else may have asked for
			m.Local(name)
		}
	}
	return r.work.Problems()
}
