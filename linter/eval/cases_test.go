package eval_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
)

// TestCases checks what values an unknown condition leaves, and when.
func TestCases(t *testing.T) {
	t.Parallel()
	const prefix = `
variable "a" {}
variable "b" {}
variable "env" {}
variable "open" {}
locals {
  prod = var.env == "prod"
  deep = { x = var.a ? { k = "one" } : { k = "two" } }
}
`
	for _, c := range []struct{ expr, want string }{
		{`"known"`, `"known"`},
		{`var.open`, `(unknown: var.open)`},
		{`var.a ? "x" : "x"`, `"x"`},
		{`var.a ? "x" : "y"`, `"x", when var.a is true | "y", when var.a is false`},
		{`!(var.a) ? "x" : "y"`, `"y", when var.a is true | "x", when var.a is false`},
		{`"p-${var.a ? "x" : "y"}"`, `"p-x", when var.a is true | "p-y", when var.a is false`},
		{`upper(var.a ? "x" : "y")`, `"X", when var.a is true | "Y", when var.a is false`},
		{`local.deep.x.k`, `"one", when var.a is true | "two", when var.a is false`},
		{`local.deep["x"]["k"]`, `"one", when var.a is true | "two", when var.a is false`},
		{`[var.a ? "x" : "y", var.a ? 1 : 2]`, `[ "x", 1, ], when var.a is true | [ "y", 2, ], when var.a is false`},
		{`concat(["x"], var.a ? ["y"] : [])`, `[ "x", "y", ], when var.a is true | [ "x", ], when var.a is false`},
		{`merge({ k = 1 }, var.a ? { l = 2 } : {})`, `{ k = 1 l = 2 }, when var.a is true | { k = 1 }, when var.a is false`},
		{`jsondecode(jsonencode({ k = var.a ? 1 : 2 })).k`, `1, when var.a is true | 2, when var.a is false`},
		{`local.prod ? "x" : var.env != "prod" ? "y" : "never"`, `"x", when var.env is "prod" | "y", when var.env is not "prod"`},
		{`[var.env == "prod" ? 1 : 0, var.env == "dev" ? 1 : 0]`,
			`[ 1, 0, ], when var.env is "prod" | [ 0, 1, ], when var.env is "dev" | [ 0, 0, ], when var.env is not "prod" and var.env is not "dev"`},
		{`var.a && var.b ? "x" : "y"`, `"x", when the condition on var.a, var.b holds | "y", when the condition on var.a, var.b does not hold`},
		{`var.env == "AKIA0123456789ABCDEF" ? "x" : "y"`, `"x", when the condition on var.env holds | "y", when the condition on var.env does not hold`},
		{`try(var.a ? { k = 1 } : {}, "no").k`, `1, when var.a is true | (unknown), when var.a is false`},
		{`[for x in [1, 2] : var.a ? x : 0]`, `[ 1, 2, ], when var.a is true | [ 0, 0, ], when var.a is false`},
	} {
		t.Run(c.expr, func(t *testing.T) {
			t.Parallel()
			r := load(t, map[string]string{"main.tf": prefix + "resource \"x\" \"y\" {\n  v = " + c.expr + "\n}\n"}, eval.Options{})
			cases := r.Resources()[0].Attr("v").Cases()
			var got []string
			for i, v := range cases.Values {
				in := make([]bool, len(cases.Values))
				in[i] = true
				got = append(got, flat(v)+cases.When(in))
			}
			if s := strings.Join(got, " | "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

// TestManyConditions bounds what conditions in conditions cost.
func TestManyConditions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("variable \"m0\" {}\nlocals {\n  l0 = { k = \"v\" }\n")
	for i := 1; i < 150; i++ {
		fmt.Fprintf(&b, "  l%d = var.m0[%d] ? merge(l%d, local.l%d, { a%d = 1 }) : { x = [local.l%d, local.l%d] }\n", i, i, i-1, i-1, i, i-1, i-1)
	}
	b.WriteString("}\nresource \"x\" \"y\" {\n  v = local.l149\n  w = \"${jsonencode(local.l30)}${jsonencode(local.l31)}\"\n}\n")
	r := load(t, map[string]string{"main.tf": b.String()}, eval.Options{})
	for _, name := range []string{"v", "w"} {
		if n := len(r.Resources()[0].Attr(name).Cases().Values); n > 16 {
			t.Errorf("%s: %d cases", name, n)
		}
	}
}
