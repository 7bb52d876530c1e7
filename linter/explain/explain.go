// Package explain evaluates the arguments on one line of a file, in every module instance that the file belongs to. In go a run's options and a
// place, out come the arguments with their values, origins and references.
package explain

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
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
	secretLines := map[int]bool{}
	so := o
	so.Flags = linter.Flags{Only: []string{"hardcoded_secret"}}
	result, err := linter.Run(ctx, so)
	if err != nil {
		return nil, err
	}
	for _, f := range result.Findings {
		if f.Secret && f.Range.Filename == file {
			secretLines[f.Range.Start.Line] = true
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
			out = append(out, explainModule(m, file, line, secretLines)...)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("explain %s:%d: no argument stands there (or %s is no module of this run)", file, line, path.Dir(file))
	}
	return out, nil
}

func explainModule(m *eval.Module, file string, line int, secrets map[int]bool) []Argument {
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
		for n := at.Start.Line; n <= at.End.Line; n++ {
			if secrets[n] {
				e.Value = "(secret)"
			}
		}
		for _, r := range refs {
			e.Refs = append(e.Refs, r.String())
		}
		out = append(out, e)
	}
	on := func(r hcl.Range) bool {
		return r.Filename == file && r.Start.Line <= line && line <= r.End.Line
	}
	for _, n := range slices.Sorted(maps.Keys(m.Source.Locals)) {
		if a := m.Source.Locals[n]; on(a.SrcRange) {
			add("local."+n, a.SrcRange, m.Local(n), nil)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(m.Source.Variables)) {
		if b := m.Source.Variables[n].Block; on(blockRange(b)) {
			add("var."+n, b.TypeRange, m.Variable(n), nil)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(m.Source.Outputs)) {
		if b := m.Source.Outputs[n].Block; on(blockRange(b)) {
			add("output."+n, b.TypeRange, m.Output(n), nil)
		}
	}
	for _, r := range m.Resources() {
		if r.Decl != nil && on(blockRange(r.Decl.Block)) {
			explainBody(&r.Body, strings.TrimPrefix(r.Address(), prefix), on, add)
		}
	}
	return out
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
