// Package explain evaluates the arguments on one line of a file, in every module instance that the file belongs to. In go a run's options and a
// place, out come the arguments with their values, origins and references.
package explain

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/source"
)

// Argument is what one argument evaluates to in one module instance.
type Argument struct {
	// Name is the argument with its address: "aws_s3_bucket.data.tags", "local.tags".
	Name string
	// Value is the value as text; unknown parts are marked, sensitive and secret ones are hidden.
	Value string
	// Range is the argument, From the place that wrote the value when it is another one.
	Range, From hcl.Range
	// Refs lists what the argument depends on.
	Refs []string
}

// At evaluates the arguments that stand on a line of a file, in every module instance that the file belongs to. The file's
// own directory is the root module unless a directory of the options calls it.
func At(ctx context.Context, o linter.Options, file string, line int) ([]Argument, error) {
	secrets := secretLines{}
	so := o
	so.Flags = linter.Flags{Only: []string{"hardcoded_secret"}}
	result, err := linter.Run(ctx, so)
	if err != nil {
		return nil, err
	}
	for _, f := range result.Findings {
		if f.Secret {
			secrets[place{f.Range.Filename, f.Range.Start.Line}] = true
		}
	}
	roots := o.Dirs
	found := source.NewDiscovery(ctx, o.Files, func(error) {}) // the run above has reported it
	if o.Recursive {
		roots = found.Roots(o.Dirs, 1)
	}
	cache := module.NewCache(found)
	settings := source.Settings{Vars: o.Vars, VarFiles: o.VarFiles}
	var out []Argument
	for _, dir := range roots {
		src, err := cache.Load(dir)
		if err != nil {
			continue
		}
		vars, _ := settings.Variables(found, src)
		root := eval.New(ctx, src, source.NewLoader(o.Files, cache), eval.Options{Variables: vars, Workspace: o.Workspace})
		for _, m := range root.Modules() {
			if m.Source.File(file) == nil || m.Duplicate() {
				continue
			}
			out = append(out, explainModule(m, file, line, secrets)...)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("explain %s:%d: no argument stands there (or %s is no module of this run)", file, line, path.Dir(file))
	}
	return out, nil
}

type place struct {
	file string
	line int
}

// secretLines are the lines that hold a secret.
type secretLines map[place]bool

func (s secretLines) in(r hcl.Range) bool {
	for n := r.Start.Line; n <= r.End.Line; n++ {
		if s[place{r.Filename, n}] {
			return true
		}
	}
	return false
}

// reach reports whether a value, or what it is made of, was written where a secret stands.
func (s secretLines) reach(m *eval.Module, v value.Value, refs []value.Ref) bool {
	if s.in(v.Range()) {
		return true
	}
	found := false
	v.Each(func(_ string, e value.Value) { found = found || s.reach(m, e, nil) })
	for _, r := range refs {
		if r.Module != m.Path || found {
			continue
		}
		switch kind, name, _ := strings.Cut(r.Address, "."); kind {
		case "var":
			found = s.reach(m, m.Variable(name), nil)
			if decl := m.Source.Variables[name]; decl != nil {
				found = found || s.in(blockRange(decl.Block))
			}
		case "local":
			found = s.reach(m, m.Local(name), nil)
		}
	}
	return found
}

func explainModule(m *eval.Module, file string, line int, secrets secretLines) []Argument {
	var out []Argument
	prefix := ""
	if m.Path != "" {
		prefix = m.Path + "."
	}
	add := func(name string, at hcl.Range, v value.Value, refs []value.Ref) {
		e := Argument{Name: prefix + name, Range: at, Value: v.Text()}
		if from := v.Range(); from.Filename != "" && (from.Filename != at.Filename || from.Start.Line < at.Start.Line || from.Start.Line > at.End.Line) {
			e.From = from
		}
		if secrets.in(at) || secrets.reach(m, v, refs) {
			e.Value = "(secret)"
		}
		for _, r := range refs {
			e.Refs = append(e.Refs, r.String())
		}
		out = append(out, e)
	}
	on := func(r hcl.Range) bool {
		return r.Filename == file && r.Start.Line <= line && line <= r.End.Line
	}
	for _, r := range m.Resources() {
		if r.Decl != nil && on(blockRange(r.Decl.Block)) {
			explainBody(&r.Body, strings.TrimPrefix(r.Address(), prefix), on, add)
		}
	}
	for _, f := range m.Source.Files {
		if f.Path != file || f.Body == nil {
			continue
		}
		for _, b := range f.Body.Blocks {
			if !on(blockRange(b)) {
				continue
			}
			switch b.Type {
			case "resource", "data", "ephemeral", "action": // above, by instance
			case "locals":
				for _, a := range module.SortedAttributes(b.Body) {
					if on(a.SrcRange) {
						add("local."+a.Name, a.SrcRange, m.Local(a.Name), m.Block(b).Refs(a.Name))
					}
				}
			case "variable":
				if len(b.Labels) == 1 {
					add("var."+b.Labels[0], b.TypeRange, m.Variable(b.Labels[0]), nil)
				}
			case "output":
				if len(b.Labels) == 1 {
					add("output."+b.Labels[0], b.TypeRange, m.Output(b.Labels[0]), m.Block(b).Refs("value"))
				}
			case "module":
				explainCall(m, b, on, add)
			default:
				explainBody(m.Block(b), strings.Join(append([]string{b.Type}, b.Labels...), "."), on, add)
			}
		}
	}
	return out
}

// explainCall shows the arguments of a module call: what every instance gets, as its variables take it, and of a module that is not here
// what the caller writes.
func explainCall(m *eval.Module, b *hclsyntax.Block, on func(hcl.Range) bool, add func(string, hcl.Range, value.Value, []value.Ref)) {
	body := m.Block(b)
	name := strings.Join(append([]string{b.Type}, b.Labels...), ".")
	for _, n := range body.AttrNames() {
		a := b.Body.Attributes[n]
		if !on(a.SrcRange) {
			continue
		}
		shown := false
		for _, called := range m.Root().Modules() {
			if called.Parent == m && called.Call != nil && called.Call.Block == b && called.Source != nil && called.Source.Variables[n] != nil {
				address := strings.TrimPrefix(strings.TrimPrefix(called.Path, m.Path), ".")
				add(address+"."+n, a.SrcRange, called.Variable(n), body.Refs(n))
				shown = true
			}
		}
		if !shown {
			add(name+"."+n, a.SrcRange, body.Attr(n), body.Refs(n))
		}
	}
	for _, inner := range body.BlockNames() {
		for _, in := range body.Blocks(inner) {
			explainBody(in, name+"."+inner, on, add)
		}
	}
}

func blockRange(b *hclsyntax.Block) hcl.Range {
	return hcl.RangeBetween(b.TypeRange, b.CloseBraceRange)
}

func explainBody(b *lang.Body, name string, on func(hcl.Range) bool, add func(string, hcl.Range, value.Value, []value.Ref)) {
	syntax := b.Syntax()
	if syntax == nil {
		return
	}
	for _, n := range b.AttrNames() {
		if a := syntax.Attributes[n]; on(a.SrcRange) {
			add(name+"."+n, a.SrcRange, b.Attr(n), b.Refs(n))
		}
	}
	for _, n := range b.BlockNames() {
		for i, inner := range b.Blocks(n) {
			explainBody(inner, fmt.Sprintf("%s.%s[%d]", name, n, i), on, add)
		}
	}
}
