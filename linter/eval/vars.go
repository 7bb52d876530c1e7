package eval

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// VarsFile reads a .tfvars or .tfvars.json file.
func VarsFile(name string, text []byte) (map[string]value.Value, hcl.Diagnostics) {
	f, diags := module.ParseVars(name, text)
	s := lang.Constants()
	out := map[string]value.Value{}
	for _, a := range module.SortedAttributes(f.Body) {
		out[a.Name] = s.Eval(a.Expr)
	}
	for _, b := range f.Body.Blocks {
		r := module.HeaderRange(b)
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "a variables file has arguments only, " + b.Type + " is a block", Subject: &r})
	}
	return out, diags
}

// VarFlag reads the value of a --var flag: the text itself for strings, an expression for other types, as Terraform does.
func VarFlag(decl *module.Variable, text string) (value.Value, error) {
	ty := cty.DynamicPseudoType
	if a := decl.Block.Body.Attributes["type"]; a != nil {
		if t, _, diags := typeexpr.TypeConstraintWithDefaults(a.Expr); !diags.HasErrors() {
			ty = t
		}
	}
	if ty.IsPrimitiveType() || ty == cty.DynamicPseudoType {
		return value.StringValue(text), nil
	}
	if module.TooDeep([]byte(text), module.Native) {
		return value.Value{}, fmt.Errorf("value nests too deeply")
	}
	e, diags := hclsyntax.ParseExpression([]byte(text), "--var", hcl.InitialPos)
	if diags.HasErrors() {
		return value.Value{}, fmt.Errorf("value is not an expression: %s", diags[0].Summary)
	}
	return lang.Constants().Eval(e).WithSource(nil), nil
}
