package functions

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/budget"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// Files are what functions may read.
type Files interface {
	// ReadFile reads a file below the root that confines the run; the path is relative to the working directory or absolute.
	ReadFile(path string) ([]byte, error)
	// Glob lists the files below dir that match the pattern as Terraform's fileset does.
	Glob(dir, pattern string) ([]string, error)
	// Abs returns the absolute form of a path.
	Abs(path string) string
}

// Caller is the evaluation of one root module as the functions see it.
type Caller struct {
	budget.Budget
	// Holes stand for the unknown parts of its texts.
	Holes value.Holes
	Files Files
	// Dir is the root module's directory, from which relative paths start.
	Dir string
}

// native is a function that understands partial values. References and sensitivity of its result are the caller's.
type native func(c *Caller, args []value.Value) value.Value

// Call calls a function that needs nothing but its arguments: natives see partial values, and every other function of Terraform sees cty
// values, in which a partial value is unknown. The result is sensitive when isSensitive says that an argument was.
func (c *Caller) Call(name string, at value.Locator, args []value.Value, isSensitive bool) value.Value {
	apply := func(args []value.Value) value.Value { return c.apply(name, at, args, isSensitive) }
	if v, ok := c.spread(apply, name, args); ok {
		return v
	}
	return apply(args)
}

func (c *Caller) apply(name string, at value.Locator, args []value.Value, isSensitive bool) value.Value {
	if f, ok := natives[name]; ok {
		if name == "nonsensitive" || name == "issensitive" {
			isSensitive = false
		}
		return f(c, args).Marked(isSensitive)
	}
	if strings.HasPrefix(name, "provider::") {
		return value.UnknownValue(ArgRefs(args)...)
	}
	f, ok := library()[name]
	if !ok {
		return c.Fail()
	}
	if !c.Affordable(name, args) {
		return c.TooBig(at.Range(), "result of "+name)
	}
	for _, a := range args {
		isSensitive = isSensitive || a.HoldsSensitive()
	}
	if carriesHoles[name] && anyPartialText(args) {
		return c.callWithHoles(name, f, args).Marked(isSensitive)
	}
	return c.callCty(f, args).Marked(isSensitive)
}

// ArgRefs are the references of all arguments, at every depth.
func ArgRefs(args []value.Value) []value.Ref {
	var refs []value.Ref
	for _, a := range args {
		refs = value.MergeRefs(refs, a.AllRefs())
	}
	return refs
}

// callCty calls a library function. A wrong call is a failure, for try; everything unknown keeps its references.
func (c *Caller) callCty(f function.Function, args []value.Value) (out value.Value) {
	vals := make([]cty.Value, len(args))
	for i, a := range args {
		vals[i] = convert.ToCty(a)
		c.Spend(size(a))
	}
	defer func() {
		if recover() != nil { // a library function that panics on odd arguments is a wrong call
			out = c.Fail()
		}
	}()
	vals, ok := convertArgs(f, vals)
	if !ok {
		return c.Fail()
	}
	v, err := f.Call(vals)
	if err != nil {
		return c.Fail()
	}
	var refs []value.Ref
	if !v.IsWhollyKnown() {
		refs = ArgRefs(args)
	}
	out = convert.FromCty(v, refs)
	c.Spend(size(out))
	return out
}

// size estimates the work of copying a value.
func size(v value.Value) int {
	switch v.Kind() {
	case value.List, value.Map:
		n := 1
		v.Each(func(_ string, e value.Value) { n += size(e) })
		return n
	case value.String:
		if s, tab := v.Literal(); tab == nil {
			return 1 + len(s)/64
		}
	}
	return 1
}

// carriesHoles names the string functions that treat text the same whatever unknown parts it has.
var carriesHoles = map[string]bool{
	"format": true, "formatlist": true, "join": true, "split": true, "replace": true, "lower": true, "upper": true, "title": true,
	"trimspace": true, "trim": true, "trimprefix": true, "trimsuffix": true, "chomp": true, "indent": true,
	"dirname": true, "basename": true,
}

func anyPartialText(args []value.Value) bool {
	for _, a := range args {
		if a.Kind() == value.Unknown || a.Kind() == value.String && a.Partial() {
			return true
		}
		if a.Kind() == value.List {
			if a.Partial() || anyPartialText(a.Elems()) {
				return true
			}
		}
	}
	return false
}

func (c *Caller) callWithHoles(name string, f function.Function, args []value.Value) value.Value {
	tab := &c.Holes
	switch name {
	case "replace":
		if len(args) == 3 {
			old, ok := args[1].Str()
			if _, pattern := budget.Expression(old); pattern || !ok {
				return value.UnknownValue(ArgRefs(args)...)
			}
		}
	case "format", "formatlist", "split":
		if len(args) == 0 || args[0].Kind() != value.String || args[0].Partial() {
			return value.UnknownValue(ArgRefs(args)...)
		}
	}
	filled := make([]value.Value, len(args))
	uncertain := false
	for i, a := range args {
		filled[i] = fill(a, tab, name == "join")
		uncertain = uncertain || a.Kind() == value.List && a.Partial() || name == "split" && i == 1
	}
	out := c.callCty(f, filled)
	if out.Kind() == value.Unknown {
		return value.UnknownValue(ArgRefs(args)...)
	}
	out = holesIn(out, tab)
	if uncertain && out.Kind() == value.List {
		out = out.WithPartial(ArgRefs(args)...)
	}
	return out
}

// fill makes text with holes look like plain text.
func fill(v value.Value, tab *value.Holes, lists bool) value.Value {
	switch v.Kind() {
	case value.Unknown, value.String:
		t, _ := tab.Text(v)
		return value.StringValue(t)
	case value.List:
		out := make([]value.Value, 0, v.Len()+1)
		for _, e := range v.Elems() {
			out = append(out, fill(e, tab, false))
		}
		if lists && v.Partial() {
			out = append(out, value.StringValue(tab.Put(v)))
		}
		return value.ListValue(out)
	}
	return v
}

// holesIn finds the holes again in a result.
func holesIn(v value.Value, tab *value.Holes) value.Value {
	switch v.Kind() {
	case value.String:
		if s, has := v.Literal(); has == nil {
			return value.TextValue(s, tab)
		}
	case value.List, value.Map:
		return v.Mapped(func(_ string, e value.Value) value.Value { return holesIn(e, tab) })
	}
	return v
}

// spreadless functions give the same whatever the alternatives are, or look at files and tell nothing by doing it twice.
var spreadless = map[string]bool{"file": true, "fileexists": true, "fileset": true, "filebase64": true, "nonsensitive": true, "sensitive": true,
	"issensitive": true, "jsonencode": true, "type": true}

// spread calls a function for both alternatives of every argument that is a choice; ok is false when none is, or too many are.
func (c *Caller) spread(f func([]value.Value) value.Value, name string, args []value.Value) (out value.Value, ok bool) {
	at, weight := -1, 1
	for i := range args {
		if choice := args[i].Choice(); choice != nil {
			at = i
			if weight *= choice.Weight; weight > value.MaxChoice {
				return value.Value{}, false
			}
		}
	}
	if at < 0 || spreadless[name] {
		return value.Value{}, false
	}
	return c.Distribute(args[at], func(v value.Value) value.Value {
		args := slices.Clone(args)
		args[at] = v
		if out, ok := c.spread(f, name, args); ok {
			return out
		}
		return f(args)
	})
}

// Distribute applies f to both alternatives of a choice; ok is false for any other value. Errors in an alternative are none of the
// whole.
func (c *Caller) Distribute(v value.Value, f func(value.Value) value.Value) (out value.Value, ok bool) {
	choice := v.Choice()
	if choice == nil {
		return v, false
	}
	failures := c.Failures
	defer func() { c.Failures = failures }()
	if !c.Spend(choice.Weight / 4) {
		return value.UnknownValue(choice.Refs...), true
	}
	yes, no := f(choice.Yes), f(choice.No)
	return value.Either(yes, no, choice.Refs).Choosing(choice.Cond, yes, no).Marked(v.Sensitive()), true
}
