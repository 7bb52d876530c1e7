package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/awsschema"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/secrets"
)

var defaultTagKeys = []string{"project", "env", "owner", "managed_by", "cost_center"}

// RequiredTags wants every taggable resource to carry the tags that cost and ownership reports rest on.
var RequiredTags = &linter.Rule{
	Name:     "required_tags",
	Title:    "taggable resources must carry the required tags",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerResource,
	Types:    []string{"aws_*", "awscc_*", "titanicml_*"},
	Text: `A resource without its tags has no owner to call and no budget to charge. Every taggable resource carries the keys in
` + "`tags`" + `, from its own argument or from the provider's default tags, which follow aliases into called modules. Values are checked where
they are known: never empty, within ` + "`values`" + ` and matching ` + "`patterns`" + `.

Examined are ` + "`tags`" + ` of every type that the AWS provider can tag and of titanicml resources, of every type of awscc that takes them, as a list or a map
and under another name where the type has one, such as ` + "`file_system_tags`" + `, ` + "`tag`" + ` blocks of auto scaling groups, ` + "`tag_specifications`" + ` of launch templates and fleets, and ` + "`volume_tags`" + ` of instances, which default tags do not reach, and tags of their
block devices where they are written. Keys that the provider's ` + "`ignore_tags`" + ` leaves to another system are not asked for. A key that may come from a value that is not known, as in ` + "`merge(var.tags, {...})`" + `, is not missing; the known keys beside it are still checked. Of a conditional
whose condition is not known both alternatives are checked.

` + "`--fix`" + ` adds the missing keys: with ` + "`fix_merge`" + ` the expression of a map that holds them all, else the expressions in ` + "`fix_values`" + `.`,
	Options: []linter.Option{
		{Name: "tags", Default: defaultTagKeys, Text: "keys that must be there"},
		{Name: "values", Default: map[string][]string{}, Text: "allowed values by key"},
		{Name: "patterns", Default: map[string]string{}, Text: "pattern that the value of a key must match", Check: isPattern},
		{Name: "fix_merge", Default: "", Text: "expression of a map with all required tags, such as local.tags"},
		{Name: "fix_values", Default: map[string]string{}, Text: "expression for a missing key, such as var.owner or \"terraform\" in quotes"},
	},
	Run: requiredTags,
}

func requiredTags(p *linter.Pass) {
	r := p.Resource
	switch provider, _, _ := strings.Cut(r.Type, "_"); provider {
	case "aws":
		if awsschema.Taggable(r.Type) {
			tags := r.Attr("tags")
			defaults := value.MapValue(nil)
			if awsschema.DefaultTags(r.Type) {
				defaults = defaultTagsOf(r)
			}
			checkTags(p, r, "tags", over(planned(r, tags), defaults), "add them to tags or to the provider's default_tags")
		}
		if awsschema.TagBlocks(r.Type) {
			checkTags(p, r, "tag", tagBlocks(r), "add tag blocks; default_tags do not reach this type")
		}
		if v := r.Attr("volume_tags"); v.IsSet() {
			checkTags(p, r, "volume_tags", v, "add them to volume_tags; default_tags do not reach volumes there")
		}
		if r.Type == "aws_instance" {
			for _, kind := range []string{"root_block_device", "ebs_block_device"} {
				for _, b := range r.Blocks(kind) {
					if v := b.Attr("tags"); v.IsSet() {
						report(p, r, b.AttrRange("tags"), kind+" tags", over(v, defaultTagsOf(r)), "add them there or to the provider's default_tags")
					}
				}
			}
		}
		tagSpecifications(p, r)
	case "awscc":
		if attribute, _ := awsschema.CloudControlTags(r.Type); attribute != "" {
			checkTags(p, r, attribute, pairs(r.Attr(attribute)), "add them to "+attribute+"; awscc has no default tags")
		} else if v := r.Attr("tags"); v.IsSet() { // newer than our table
			checkTags(p, r, "tags", pairs(v), "add them to tags; awscc has no default tags")
		}
	case "titanicml":
		if taggableHere(r.Type) {
			checkTags(p, r, "tags", over(r.Attr("tags"), r.Provider().Attr("default_tags")), "add them to tags or to the provider's default_tags")
		}
	}
}

// taggableHere names the resources of our own provider that take tags.
func taggableHere(typ string) bool {
	return slices.Contains([]string{"titanicml_dataset", "titanicml_training_run", "titanicml_evaluation", "titanicml_model_version",
		"titanicml_endpoint"}, typ)
}

// planned takes the merged tags where a plan has them.
func planned(r *eval.Resource, tags value.Value) value.Value {
	if all := r.Attr("tags_all"); r.Syntax() == nil && all.Kind() == value.Map {
		return all
	}
	return tags
}

func defaultTagsOf(r *eval.Resource) value.Value {
	pr := r.Provider()
	if pr.Opaque {
		return value.UnknownValue()
	}
	if b := pr.Block("default_tags"); b != nil {
		return b.Attr("tags")
	}
	return value.MapValue(nil)
}

// over is tags on top of defaults; nothing written counts as no tags.
func over(tags, defaults value.Value) value.Value { return value.Overlay(defaults, tags) }

// tagBlocks reads the tag blocks of an auto scaling group, and the list that older versions of the provider take instead.
func tagBlocks(r *eval.Resource) value.Value {
	if list := r.Attr("tags"); len(r.Blocks("tag")) == 0 && list.IsSet() {
		return pairs(list)
	}
	m := map[string]value.Value{}
	uncertain := false
	for _, b := range r.Blocks("tag") {
		if k, ok := b.Attr("key").Str(); ok && !b.Maybe() {
			m[k] = b.Attr("value")
		} else {
			uncertain = true
		}
	}
	if uncertain {
		return value.MapValue(m).WithPartial()
	}
	return value.MapValue(m)
}

// pairs reads the list form of awscc: [{ key = "k", value = "v" }].
func pairs(v value.Value) value.Value {
	if v.Kind() != value.List {
		return v
	}
	m := map[string]value.Value{}
	uncertain := v.Partial()
	for _, e := range v.Elems() {
		if k, ok := e.Get("key").Str(); ok {
			m[k] = e.Get("value")
		} else {
			uncertain = true
		}
	}
	if uncertain {
		return value.MapValue(m).WithPartial()
	}
	return value.MapValue(m)
}

func tagSpecifications(p *linter.Pass, r *eval.Resource) {
	if !r.Has("tag_specifications") && r.Type != "aws_launch_template" {
		return
	}
	seen, uncertain := map[string]bool{}, false
	for _, b := range r.Blocks("tag_specifications") {
		typ, ok := b.Attr("resource_type").Str()
		if !ok || b.Maybe() {
			uncertain = true
			continue
		}
		seen[typ] = true
		report(p, r, b, "tag_specifications for "+typ, b.Attr("tags"), "add them there; default_tags do not reach what is launched")
	}
	if r.Type != "aws_launch_template" || uncertain {
		return
	}
	for _, typ := range []string{"instance", "volume"} {
		if !seen[typ] {
			p.Report(r, "%s has no tag_specifications for %s: what it launches carries no tags; add the block with %s", r.Address(), typ,
				strings.Join(p.Strings("tags"), ", "))
		}
	}
}

func checkTags(p *linter.Pass, r *eval.Resource, attr string, tags value.Value, advice string) {
	f := report(p, r, r.AttrRange(attr), attr, tags, advice)
	if lack := missing(p, r, tags); f != nil && attr == "tags" && len(lack) > 0 {
		f.Fix = fixTags(p, r, lack)
	}
}

func missing(p *linter.Pass, r *eval.Resource, tags value.Value) []string {
	var out []string
	for _, k := range p.Strings("tags") {
		if v := tags.Get(k); !v.IsSet() && !managedElsewhere(r, k) {
			out = append(out, k)
		}
	}
	return out
}

// managedElsewhere reports a key that the provider's ignore_tags leaves to another system.
func managedElsewhere(r *eval.Resource, key string) bool {
	b := r.Provider().Block("ignore_tags")
	if b == nil {
		return false
	}
	prefixed := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	return slices.Contains(b.Attr("keys").Strings(), key) || slices.ContainsFunc(b.Attr("key_prefixes").Strings(), prefixed)
}

// report checks keys and values, and returns the first finding about missing keys.
func report(p *linter.Pass, r *eval.Resource, at value.Locator, what string, tags value.Value, advice string) (f *linter.Finding) {
	for _, lacks := range verdicts(tags, func(v value.Value) string {
		lack := missing(p, r, v)
		if len(lack) == 0 {
			return ""
		}
		return plural(what, "key", len(lack)) + " " + strings.Join(lack, ", ") + misspelled(v, lack)
	}) {
		found := p.Report(at, "%s lacks the %s; %s", r.Address(), lacks, advice)
		found.Evidence = what + " lacks " + lacks
		if f == nil {
			f = found
		}
	}
	values, patterns := p.Lists("values"), p.Map("patterns")
	keys := p.Strings("tags")
	if len(values)+len(patterns) > 0 {
		keys = slices.Concat(keys, slices.Sorted(maps.Keys(values)), slices.Sorted(maps.Keys(patterns)))
		slices.Sort(keys)
		keys = slices.Compact(keys)
	}
	for _, k := range keys {
		allowed, pattern := values[k], patterns[k]
		for _, verdict := range verdicts(tags.Get(k), func(v value.Value) string {
			s, ok := v.Str()
			switch {
			case !ok:
			case strings.TrimSpace(s) == "":
				return "is empty"
			case len(allowed) > 0 && !slices.Contains(allowed, s):
				return fmt.Sprintf("= %q is not one of %s", s, strings.Join(allowed, ", "))
			case pattern != "" && !match.Regexp(pattern).MatchString(s):
				return fmt.Sprintf("= %q does not match %s", s, pattern)
			}
			return ""
		}) {
			advice := ""
			if strings.HasPrefix(verdict, "is empty") {
				advice = "; name its value"
			}
			p.Report(p.Within(tags.Get(k), at), "%s tag %s %s%s", r.Address(), k, verdict, advice)
		}
	}
	return f
}

// misspelled explains a missing key that is there in another case of letters.
func misspelled(tags value.Value, lack []string) (hint string) {
	for _, k := range tags.Keys() {
		if i := slices.IndexFunc(lack, func(m string) bool { return strings.EqualFold(m, k) && m != k }); i >= 0 {
			hint = fmt.Sprintf(" (the key %q is spelled %q)", lack[i], k)
		}
	}
	return hint
}

func plural(what, noun string, n int) string {
	if n > 1 {
		noun += "s"
	}
	if what == "tags" {
		if n > 1 {
			return "tags"
		}
		return "tag"
	}
	return what + " " + noun
}

// fixTags writes the edits that add the missing keys, nil when the configuration does not say what to write.
func fixTags(p *linter.Pass, r *eval.Resource, lack []string) []linter.Edit {
	body := r.Syntax()
	if body == nil || r.Decl == nil {
		return nil
	}
	if f := p.Module.Source.File(r.Range().Filename); f == nil || f.JSON {
		return nil
	}
	merge, values := p.Text("fix_merge"), p.Map("fix_values")
	var pairs []string
	for _, k := range lack {
		if values[k] == "" && merge == "" {
			return nil
		}
		pairs = append(pairs, fmt.Sprintf("%s = %s", k, values[k]))
	}
	source := p.Module.Source.File(r.Range().Filename).Bytes
	a := body.Attributes["tags"]
	if a == nil {
		text := merge
		if text == "" {
			text = "{\n    " + strings.Join(pairs, "\n    ") + "\n  }"
		}
		return []linter.Edit{newArgument(source, r.Decl.Block, "tags = "+text)}
	}
	if merge != "" {
		at := a.Expr.Range()
		before, after := at, at
		before.End, after.Start = before.Start, after.End
		return []linter.Edit{{Range: before, Text: "merge(" + merge + ", "}, {Range: after, Text: ")"}}
	}
	args := []hclsyntax.Expression{a.Expr}
	if call, ok := a.Expr.(*hclsyntax.FunctionCallExpr); ok && call.Name == "merge" && !call.ExpandFinal {
		args = call.Args
	}
	if len(args) == 0 {
		return nil
	}
	if obj, ok := args[len(args)-1].(*hclsyntax.ObjectConsExpr); ok { // the last argument of merge wins
		return []linter.Edit{newItems(source, obj, pairs)}
	}
	return nil
}

// newArgument appends an argument to a block, on lines of its own.
func newArgument(source []byte, b *hclsyntax.Block, text string) linter.Edit {
	at := b.CloseBraceRange
	at.End = at.Start
	start := secrets.LineStart(source, at.Start.Byte)
	text = "  " + text + "\n"
	switch {
	case b.OpenBraceRange.Start.Line == at.Start.Line:
		return linter.Edit{Range: at, Text: "\n" + text}
	case b.OpenBraceRange.Start.Line < at.Start.Line-1:
		text = "\n" + text
	}
	at.Start.Byte, at.End.Byte = start, start
	return linter.Edit{Range: at, Text: text}
}

// newItems appends items to an object, in the layout that it has.
func newItems(source []byte, obj *hclsyntax.ObjectConsExpr, pairs []string) linter.Edit {
	at := obj.OpenRange
	at.Start = at.End
	if len(obj.Items) == 0 {
		return linter.Edit{Range: at, Text: "\n    " + strings.Join(pairs, "\n    ") + "\n  "}
	}
	at.Start = obj.Items[len(obj.Items)-1].ValueExpr.Range().End
	at.End = at.Start
	if obj.SrcRange.Start.Line == obj.SrcRange.End.Line {
		return linter.Edit{Range: at, Text: ", " + strings.Join(pairs, ", ")}
	}
	end := secrets.LineEnd(source, at.Start.Byte) // behind a comment on the last item's line
	if end > at.Start.Byte && source[end-1] == '\r' {
		end--
	}
	at.Start.Byte, at.End.Byte = end, end
	indent := "\n" + strings.Repeat(" ", max(obj.Items[0].KeyExpr.Range().Start.Column-1, 0))
	return linter.Edit{Range: at, Text: indent + strings.Join(pairs, indent)}
}
