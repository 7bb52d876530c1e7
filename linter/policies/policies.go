// Package policies finds the IAM policies of a configuration. In goes an evaluated resource, out come its policies with what package iam says of
// them: the attributes that hold one by the facts of awsschema, policy documents that nothing else uses, and resources that add one
// statement.
package policies

import (
	"strings"
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/linter/awsschema"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Types are what the IAM rules look at; the attributes that hold policies are facts of awsschema.
var Types = []string{"aws_*", "data.aws_iam_policy_document"}

// Policy is an IAM policy of a resource, with what package iam says of it.
type Policy struct {
	Kind     iam.Kind
	Doc      *iam.Policy
	Findings []iam.Finding
}

// In returns the policies of a resource; the rules share them.
func In(root *eval.Root, r *eval.Resource) []Policy {
	var places []policyPlace
	if r.Mode == module.Managed {
		if places = policyPlaces(r.Type); places == nil && permissions[r.Type] == nil {
			return nil
		}
	} else if r.Type != "aws_iam_policy_document" {
		return nil
	}
	type key struct{ r *eval.Resource }
	return root.Memo(key{r}, func() any {
		var out []Policy
		add := func(kind iam.Kind, doc *iam.Policy) {
			out = append(out, Policy{kind, doc, doc.Check(kind)})
		}
		judge := func(kind func(*iam.Policy) iam.Kind, v value.Value, at value.Locator) {
			text, err := convert.ParseJSON(v)
			if err != nil {
				return
			}
			doc := iam.Build(policyNode(r.Module, text, at, 0))
			out = append(out, Policy{kind(doc), doc, checkCases(r.Module, kind(doc), doc, v, at)})
		}
		for _, place := range places {
			for _, b := range place.bodies(&r.Body) {
				if v := b.Attr(place.attr); v.IsSet() {
					kind := place.kind
					if r.Type == "aws_iam_policy" && isBoundary(root, r) {
						kind = iam.Limit
					}
					judge(func(*iam.Policy) iam.Kind { return kind }, v, b.AttrRange(place.attr))
				}
			}
		}
		if grant := permissions[r.Type]; grant != nil {
			add(iam.Resource, iam.Build(object(r, "Statement", grant(r))))
		}
		if r.Mode == module.Data && !usedDocuments(root)[BlockKey{r.Module.Path, r.LocalAddress()}] {
			judge((*iam.Policy).Guess, r.Module.PolicyDocument(r), r)
		}
		return out
	}).([]Policy)
}

// checkCases checks a policy in every case that its unknown conditions leave, since an alternative that is too wide must not hide
// behind one that is not. What does not hold in all of them says when it does.
func checkCases(m *eval.Module, kind iam.Kind, doc *iam.Policy, v value.Value, at value.Locator) []iam.Finding {
	cases := v.Cases()
	if len(cases.Values) == 1 {
		return doc.Check(kind)
	}
	type key struct {
		rule, message string
		origin        any
	}
	var out []iam.Finding
	var in [][]bool
	known := map[key]int{}
	for n, c := range cases.Values {
		text, err := convert.ParseJSON(c)
		if err != nil {
			continue // no policy at all in this case
		}
		for _, f := range iam.Build(policyNode(m, text, at, 0)).Check(kind) {
			k := key{f.Rule, f.Message, f.Origin}
			i, ok := known[k]
			if !ok {
				i = len(out)
				known[k] = i
				out, in = append(out, f), append(in, make([]bool, len(cases.Values)))
			}
			in[i][n] = true
		}
	}
	for i := range out {
		defect, advice, ok := strings.Cut(out[i].Message, "; ")
		if out[i].Message = defect + cases.When(in[i]); ok {
			out[i].Message += "; " + advice
		}
	}
	return out
}

// policyNode turns an evaluated value into what package iam reads. Parts that no source wrote, or that a caller of the module wrote, get
// the place of what holds them: a finding stands in the module that grants, with its callers beside it. A statement that a caller wrote
// as a whole stands where it is written, with what it holds.
func policyNode(m *eval.Module, v value.Value, at value.Locator, depth int) node.Node {
	if from := v.Range().Filename; from != "" {
		if foreign(m, from) && v.Kind() == value.Map {
			m = nil
		}
		if !foreign(m, from) {
			at = value.At(v.Range())
		}
	}
	n := node.Node{Origin: at}
	if depth > 40 {
		return n
	}
	switch v.Kind() {
	case value.Null:
		n.Kind = node.Null
	case value.String, value.Number, value.Bool:
		if s, ok := v.Pattern(node.Hole); ok {
			n.Kind, n.Text = node.Text, s
		}
	case value.List:
		n.Kind, n.Partial = node.List, v.Partial()
		for _, e := range v.Elems() {
			n.Elems = append(n.Elems, policyNode(m, e, at, depth+1))
		}
	case value.Map:
		n.Kind, n.Partial, n.Keys = node.Object, v.Partial(), v.Keys()
		for _, k := range n.Keys {
			n.Elems = append(n.Elems, policyNode(m, v.Get(k), at, depth+1))
		}
	}
	return n
}

// foreign reports a file of the module's callers, or one that sets variables. To no module nothing is foreign.
func foreign(m *eval.Module, file string) bool {
	if m == nil || m.Source == nil || m.Source.File(file) != nil {
		return false
	}
	for up := m.Parent; up != nil; up = up.Parent {
		if up.Source != nil && up.Source.File(file) != nil {
			return true
		}
	}
	return strings.HasSuffix(file, ".tfvars") || strings.HasSuffix(file, ".tfvars.json")
}

// policyPlace is an attribute that holds a policy, below a path of nested blocks.
type policyPlace struct {
	blocks []string
	attr   string
	kind   iam.Kind
}

func (p policyPlace) bodies(b *lang.Body) []*lang.Body {
	bodies := []*lang.Body{b}
	for _, name := range p.blocks {
		var inner []*lang.Body
		for _, b := range bodies {
			inner = append(inner, b.Blocks(name)...)
		}
		bodies = inner
	}
	return bodies
}

var placesByType sync.Map

// policyPlaces returns where a resource type holds policies, by the facts of its schema; nil for most types.
func policyPlaces(typ string) []policyPlace {
	if v, ok := placesByType.Load(typ); ok {
		return v.([]policyPlace)
	}
	var places []policyPlace
	if awsschema.HasPolicy(typ) {
		if t, ok := awsschema.Resource(typ); ok {
			places = placesIn(&t.Block, nil)
		}
	}
	placesByType.Store(typ, places)
	return places
}

func placesIn(b *awsschema.Block, path []string) []policyPlace {
	kinds := map[awsschema.PolicyKind]iam.Kind{
		awsschema.IdentityPolicy: iam.Identity, awsschema.TrustPolicy: iam.Trust, awsschema.ResourcePolicy: iam.Resource,
		awsschema.AccountResourcePolicy: iam.AccountResource, awsschema.LimitPolicy: iam.Limit,
	}
	var out []policyPlace
	for _, a := range b.Attributes {
		if a.Policy != awsschema.NoPolicy {
			out = append(out, policyPlace{append([]string(nil), path...), a.Name, kinds[a.Policy]})
		}
	}
	for _, n := range b.Blocks {
		out = append(out, placesIn(n.Block, append(append([]string(nil), path...), n.Name))...)
	}
	return out
}

// BlockKey names a block: its module's address and its own.
type BlockKey struct{ Module, Address string }

// usedDocuments finds the aws_iam_policy_document blocks whose text reaches an attribute or document that is judged itself. The
// others are judged where they stand, since nobody else will.
func usedDocuments(root *eval.Root) map[BlockKey]bool {
	type key struct{}
	return root.Memo(key{}, func() any {
		used := map[BlockKey]bool{}
		note := func(refs []value.Ref) {
			for _, ref := range refs {
				used[BlockKey{ref.Module, ref.Address}] = true
			}
		}
		for _, m := range root.Modules() {
			for _, a := range argumentsOf(m) {
				note(a.refs)
			}
		}
		for _, r := range root.Resources() {
			switch {
			case r.Mode == module.Managed:
				if policyPlaces(r.Type) != nil {
					note(r.Refs("for_each")) // as each.value
				}
				for _, place := range policyPlaces(r.Type) {
					for _, b := range place.bodies(&r.Body) {
						note(b.Refs(place.attr))
					}
				}
			case r.Type == "aws_iam_policy_document":
				for _, name := range []string{"source_json", "source_policy_documents", "override_json", "override_policy_documents"} {
					note(r.Refs(name))
				}
			}
		}
		return used
	}).(map[BlockKey]bool)
}

// Attachments are the arguments that attach managed policies by ARN. Boundaries are left out: they grant nothing.
var Attachments = map[string][]string{
	"aws_iam_group_policy_attachment":            {"policy_arn"},
	"aws_iam_group_policy_attachments_exclusive": {"policy_arns"},
	"aws_iam_policy_attachment":                  {"policy_arn"},
	"aws_iam_role":                               {"managed_policy_arns"},
	"aws_iam_role_policy_attachment":             {"policy_arn"},
	"aws_iam_role_policy_attachments_exclusive":  {"policy_arns"},
	"aws_iam_user_policy_attachment":             {"policy_arn"},
	"aws_iam_user_policy_attachments_exclusive":  {"policy_arns"},
	"aws_ssoadmin_managed_policy_attachment":     {"managed_policy_arn"},
}

// isBoundary reports whether a managed policy only limits: it is the permissions boundary of a role or user here, or is called
// one, and no attachment here grants it to anybody.
func isBoundary(root *eval.Root, r *eval.Resource) bool {
	type key struct{}
	type uses struct{ boundary, attached map[BlockKey]bool }
	u := root.Memo(key{}, func() any {
		u := uses{map[BlockKey]bool{}, map[BlockKey]bool{}}
		for _, r := range root.Resources() {
			if r.Mode != module.Managed {
				continue
			}
			for _, ref := range r.Refs("permissions_boundary") {
				u.boundary[BlockKey{ref.Module, ref.Address}] = true
			}
			for _, name := range Attachments[r.Type] {
				for _, ref := range r.Refs(name) {
					u.attached[BlockKey{ref.Module, ref.Address}] = true
				}
			}
		}
		return u
	}).(uses)
	k := BlockKey{r.Module.Path, r.LocalAddress()}
	name, _ := r.Attr("name").Pattern("")
	return !u.attached[k] && (u.boundary[k] || strings.Contains(strings.ToLower(r.Name+" "+name), "boundary"))
}

// permissions turns resources that add one statement to a policy, with arguments instead of JSON, into that statement.
var permissions = map[string]func(*eval.Resource) node.Node{
	"aws_lambda_permission": func(r *eval.Resource) node.Node {
		return permission(r, "function_name", map[string]string{"source_arn": "ArnLike aws:SourceArn", "source_account": "StringEquals aws:SourceAccount",
			"principal_org_id": "StringEquals aws:PrincipalOrgID"})
	},
	"aws_lambda_layer_version_permission": func(r *eval.Resource) node.Node {
		return permission(r, "layer_name", map[string]string{"organization_id": "StringEquals aws:PrincipalOrgID"})
	},
	"aws_cloudwatch_event_permission": func(r *eval.Resource) node.Node {
		n := permission(r, "event_bus_name", nil)
		for _, b := range r.Blocks("condition") {
			operator, ok1 := b.Attr("type").Str()
			key, ok2 := b.Attr("key").Str()
			if !ok1 || !ok2 {
				return node.Node{Origin: r}
			}
			n = withCondition(n, operator, key, policyNode(r.Module, b.Attr("value"), b, 0))
		}
		return n
	},
}

func permission(r *eval.Resource, resource string, conditions map[string]string) node.Node {
	text := func(name, missing string) node.Node {
		if v := r.Attr(name); v.IsSet() {
			return policyNode(r.Module, v, r.AttrRange(name), 0)
		}
		return node.Node{Kind: node.Text, Text: missing, Origin: r}
	}
	action := "events:PutEvents"
	if r.Type == "aws_lambda_layer_version_permission" {
		action = "lambda:GetLayerVersion"
	}
	principal := text("principal", "")
	kind := "AWS"
	if ServiceName(principal.Text) {
		kind = "Service"
	}
	n := object(r, "Effect", node.Node{Kind: node.Text, Text: "Allow", Origin: r}, "Principal", object(r, kind, principal),
		"Action", text("action", action), "Resource", text(resource, "default"))
	for _, name := range []string{"source_arn", "source_account", "principal_org_id", "organization_id"} {
		if spec, ok := conditions[name]; ok && r.Attr(name).IsSet() {
			operator, key, _ := strings.Cut(spec, " ")
			n = withCondition(n, operator, key, text(name, ""))
		}
	}
	return n
}

// ServiceName reports whether a principal is a service's name rather than an account, an ARN or "*".
func ServiceName(principal string) bool {
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"} {
		if strings.HasSuffix(principal, suffix) {
			return true
		}
	}
	return false
}

// withCondition adds a condition to a statement that permission made.
func withCondition(n node.Node, operator, key string, value node.Node) node.Node {
	one := object(n.Origin, operator, object(n.Origin, key, value))
	for i, k := range n.Keys {
		if k == "Condition" {
			n.Elems[i].Keys = append(n.Elems[i].Keys, one.Keys...)
			n.Elems[i].Elems = append(n.Elems[i].Elems, one.Elems...)
			return n
		}
	}
	n.Keys, n.Elems = append(n.Keys, "Condition"), append(n.Elems, one)
	return n
}

// object makes an object from keys and values in turn; the values are nodes.
func object(origin any, pairs ...any) node.Node {
	n := node.Node{Kind: node.Object, Origin: origin}
	for i := 0; i < len(pairs); i += 2 {
		n.Keys = append(n.Keys, pairs[i].(string))
		n.Elems = append(n.Elems, pairs[i+1].(node.Node))
	}
	return n
}
