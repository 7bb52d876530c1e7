package rules

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// EndpointUngated wants everything that is served to come through the gate.
var EndpointUngated = &linter.Rule{
	Name:     "endpoint_ungated",
	Title:    "what an endpoint serves must come from a promotion",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerResource,
	Types:    []string{"aws_sagemaker_endpoint", "aws_sagemaker_endpoint_configuration", "aws_sagemaker_model", "titanicml_endpoint"},
	Text: `No model reaches an endpoint without a decision of a gate. The artifact of an aws_sagemaker_model (model_data_url,
model_package_name, model_data_source, or the image when the model lies in it) and the ` + "`serving`" + ` of a titanicml_endpoint come from
` + "`titanicml_promotion.NAME.serving`" + ` or ` + "`data.titanicml_champion`" + `: not from a training run or a registered version, which no gate has seen, not
from the promotion's ` + "`candidate`" + `, which the gate may have rejected, and not from a version or path written by hand. An endpoint configuration
names a model, and an endpoint a configuration, of the same configuration, where this rule looks at them.

A text that a conditional, ` + "`try` or `coalesce`" + ` falls back to is one written by hand. References are followed through locals, variables and modules. What comes from a variable of the root module or from another stage's state is
unknown here and no finding. Plans hold values without their origin; lint the sources.`,
	Run: endpointUngated,
}

func endpointUngated(p *linter.Pass) {
	r := p.Resource
	if r.Syntax() == nil { // a plan shows values, not where they come from
		return
	}
	switch r.Type {
	case "aws_sagemaker_model":
		ungatedModel(p, r)
	case "aws_sagemaker_endpoint_configuration":
		for _, kind := range []string{"production_variants", "shadow_production_variants"} {
			for _, b := range r.Blocks(kind) {
				served(p, b, "model_name", "aws_sagemaker_model")
			}
		}
	case "aws_sagemaker_endpoint":
		served(p, &r.Body, "endpoint_config_name", "aws_sagemaker_endpoint_configuration")
	case "titanicml_endpoint":
		ungatedServing(p, r)
	}
}

// origin is where a value comes from, as far as gates are concerned.
type origin struct {
	gated bool
	// candidate is what a promotion was asked to promote.
	candidate string
	// bypass is an object that no gate has decided on, gone or not through the registry.
	bypass string
	// storage is a bucket, an object or a SageMaker resource.
	storage string
}

func originOf(refs []value.Ref) origin {
	var o origin
	for _, ref := range refs {
		typ, _, _ := strings.Cut(strings.TrimPrefix(ref.Address, "data."), ".")
		data := strings.HasPrefix(ref.Address, "data.")
		path := ref.Path
		if i := strings.IndexByte(path, ']'); strings.HasPrefix(path, "[") && i > 0 {
			path = strings.TrimPrefix(path[i+1:], ".")
		}
		switch {
		case typ == "titanicml_promotion" && (path == "" || path == "serving" || strings.HasPrefix(path, "serving.")):
			o.gated = true
		case typ == "titanicml_promotion" && path == "candidate":
			o.candidate = ref.Address + "." + path
		case typ == "titanicml_champion", typ == "titanicml_endpoint":
			o.gated = true
		case slices.Contains([]string{"titanicml_training_run", "titanicml_model_version", "titanicml_model_versions", "titanicml_evaluation", "titanicml_evaluation_report"}, typ):
			o.bypass = ref.Address
		case strings.HasPrefix(typ, "aws_sagemaker_"), strings.HasPrefix(typ, "aws_s3_") && !(data && typ == "aws_s3_bucket"):
			o.storage = ref.Address
		}
	}
	return o
}

const viaGate = "take it from titanicml_promotion.NAME.serving"

// ungated reports an argument that does not come through a gate, and whether it did.
func ungated(p *linter.Pass, b *lang.Body, attr string, v value.Value) bool {
	r, o := p.Resource, originOf(b.Refs(attr))
	at := b.AttrRange(attr)
	text, literal := v.Pattern("...")
	literal = literal && v.Kind() == value.String
	switch {
	case o.bypass != "":
		p.Report(at, "%s %s comes from %s, which no gate has decided on; %s", r.Address(), attr, o.bypass, viaGate)
	case o.candidate != "":
		p.Report(at, "%s %s comes from %s, which the gate may have rejected; %s", r.Address(), attr, o.candidate, viaGate)
	case o.storage != "" && !o.gated:
		p.Report(at, "%s %s comes from %s, which no gate has decided on; %s", r.Address(), attr, o.storage, viaGate)
	case literal && text != "" && !(o.gated && v.Partial()):
		p.Report(at, "%s %s is %q, which no gate has decided on; %s", r.Address(), attr, text, viaGate)
	default:
		fallback, ok := literalAlternative(b.Expr(attr))
		if !ok {
			return false
		}
		p.Report(at, "%s %s may be %q, which no gate has decided on; %s", r.Address(), attr, fallback, viaGate)
	}
	return true
}

// literalAlternative finds a text that an expression falls back to, which no gate has seen whatever the rest of it says.
func literalAlternative(e hclsyntax.Expression) (text string, ok bool) {
	var among []hclsyntax.Expression
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		among = []hclsyntax.Expression{e.Expression}
	case *hclsyntax.ConditionalExpr:
		among = []hclsyntax.Expression{e.TrueResult, e.FalseResult}
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "try" || e.Name == "coalesce" {
			among = e.Args
		}
	}
	for _, a := range among {
		if text, ok := module.Literal(a); ok && text != "" {
			return text, true
		}
		if text, ok := literalAlternative(a); ok {
			return text, true
		}
	}
	return "", false
}

func ungatedModel(p *linter.Pass, r *eval.Resource) {
	containers := slices.Concat(r.Blocks("primary_container"), r.Blocks("container"))
	artifacts := 0
	for _, c := range containers {
		for _, attr := range []string{"model_data_url", "model_package_name"} {
			if v := c.Attr(attr); v.IsSet() {
				artifacts++
				ungated(p, c, attr, v)
			}
		}
		for _, kind := range []string{"model_data_source", "additional_model_data_source"} {
			for _, source := range c.Blocks(kind) {
				for _, s3 := range source.Blocks("s3_data_source") {
					artifacts++
					ungated(p, s3, "s3_uri", s3.Attr("s3_uri"))
				}
			}
		}
		if c.Maybe() {
			artifacts++
		}
	}
	if artifacts > 0 {
		return
	}
	// The model lies in the image, so the image is what a gate has to decide on.
	for _, c := range containers {
		if v := c.Attr("image"); v.IsSet() && ungated(p, c, "image", v) {
			return
		}
	}
}

// served checks an argument that names a model or an endpoint configuration: it is one that is declared here, and so is checked itself.
func served(p *linter.Pass, b *lang.Body, attr, typ string) {
	r, v := p.Resource, b.Attr(attr)
	if !v.IsSet() {
		return
	}
	for _, ref := range b.Refs(attr) {
		if strings.HasPrefix(ref.Address, typ+".") || originOf([]value.Ref{ref}).gated {
			return
		}
	}
	name, known := v.Str()
	if !known {
		return
	}
	for _, other := range p.Root.OfType(typ) {
		have := other.Attr("name")
		if text, ok := have.Str(); ok && text == name || have.Kind() == value.Unknown || have.Partial() {
			return
		}
	}
	p.Report(b.AttrRange(attr), "%s %s is %q, which is not declared here, so nothing shows that a gate decided on it; use titanicml_endpoint or declare the %s",
		r.Address(), attr, name, typ)
}

func ungatedServing(p *linter.Pass, r *eval.Resource) {
	v := r.Attr("serving")
	if !v.IsSet() || ungated(p, &r.Body, "serving", v) {
		return
	}
	for _, key := range []string{"version", "model_package_arn", "artifact_uri", "decision_uri"} {
		if text, ok := v.Get(key).Str(); ok {
			at := value.At(v.Get(key).Range())
			if at.Filename == "" {
				at = r.AttrRange("serving")
			}
			p.Report(p.Within(at, r.AttrRange("serving")), "%s serves the %s %q written by hand; set serving = titanicml_promotion.NAME.serving", r.Address(), key, text)
			return
		}
	}
}
